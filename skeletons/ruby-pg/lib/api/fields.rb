# frozen_string_literal: true

require_relative "../bank"
require_relative "../json_body"
require_relative "../problem"
require_relative "id"

module API
  # The fields of a request, read one at a time and strictly: "5" is no number, null is nothing, and no
  # field is ignored.
  class Fields
    MAX_OWNER = 100

    # Yields the fields of a request's body, and returns the block's value. Raises Problem: for the body,
    # or for everything that the block found to be wrong, what it did not ask for included.
    def self.read(env)
      fields = new(JsonBody.read(env))
      value = yield fields
      fields.done
      value
    end

    def initialize(values)
      @values = values
      @errors = []
    end

    def refuse(field, message)
      @errors << Problem::FieldError.new(field, message)
      nil
    end

    def done
      @values.each_key { |name| refuse(name, "is unknown") }
      raise Problem.bad_request(*@errors) if @errors.any?
    end

    def owner
      take("owner", String, "a string") do |owner|
        next refuse("owner", "must not contain NUL") if owner.include?("\0") # CockroachDB would store it
        next refuse("owner", "must not be blank") unless owner.match?(/[^[:space:]]/)
        next refuse("owner", "must not be longer than #{MAX_OWNER} characters") if owner.length > MAX_OWNER

        owner
      end
    end

    def account_id(name)
      take(name, String, "a string") { |text| ID.read(text) || refuse(name, "must be a UUID") }
    end

    # An integer of minor units. A default makes the field optional.
    def money(name, least:, default: nil)
      return default if default && !@values.key?(name)

      take(name, Integer, "an integer") do |amount|
        next refuse(name, "must be from #{least} to #{Bank::MAX_MONEY}") unless amount.between?(least, Bank::MAX_MONEY)

        amount
      end
    end

    private

    def take(name, type, noun)
      return refuse(name, "is missing") unless @values.key?(name)

      value = @values.delete(name)
      value.is_a?(type) ? yield(value) : refuse(name, "must be #{noun}")
    end
  end
end
