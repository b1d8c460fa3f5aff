# frozen_string_literal: true

# The body of a request: a JSON object with the fields that a subclass names, nothing more and nothing
# less. Values are validated as they were sent. Rails' parameters and a model's attributes would make a
# number of "5", and so would accept it.
class RequestBody
  include ActiveModel::Validations

  class_attribute :required, :optional

  # Declares fields: those that there must be, and those that have a default.
  def self.fields(*required, **optional)
    self.required = required.map(&:to_s)
    self.optional = optional.stringify_keys
    (required + optional.keys).each { |name| define_method(name) { @values[name.to_s] } }
  end

  # Raises Problem: 415, 413 or 400, in this order.
  def self.read(request)
    values = JsonBody.read(request.env)
    check_names(values.keys)
    body = new(values)
    return body if body.valid?

    raise Problem.bad_request(*body.errors.map { |error| Problem::FieldError.new(error.attribute, error.message) })
  end

  def self.check_names(names)
    errors = (names - required - optional.keys).map { |name| Problem::FieldError.new(name, "is not a field here") } +
      (required - names).map { |name| Problem::FieldError.new(name, "is required") }
    raise Problem.bad_request(*errors) if errors.any?
  end
  private_class_method :check_names

  def initialize(values)
    @values = optional.merge(values)
  end
end
