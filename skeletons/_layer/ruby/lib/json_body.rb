# frozen_string_literal: true

require "json"
require_relative "problem"

# Reads a request's body: one JSON object of at most 1 MiB.
module JsonBody
  MAX_BYTES = 1024 * 1024

  # Raises Problem: 415, 413 or 400, in this order.
  def self.read(env)
    media_type = env["CONTENT_TYPE"].to_s.partition(";").first.strip
    raise Problem.new(415, "the body must be application/json") unless media_type.casecmp?("application/json")

    # A chunked body has no length beforehand, so this reads one byte more than there may be.
    text = env["rack.input"]&.read(MAX_BYTES + 1).to_s
    raise Problem.new(413, "the body must not exceed 1 MiB") if text.bytesize > MAX_BYTES

    parse(text)
  end

  def self.parse(text)
    text = text.dup.force_encoding(Encoding::UTF_8)
    refuse("is not UTF-8") unless text.valid_encoding?
    # This parser takes neither comments nor NaN, nor a name twice, nor half of a surrogate pair.
    value = JSON.parse(text)
    value.is_a?(Hash) ? value : refuse("must be a JSON object")
  rescue JSON::ParserError
    refuse("is not JSON")
  end
  private_class_method :parse

  def self.refuse(message)
    raise Problem.bad_request(Problem::FieldError.new("body", message))
  end
  private_class_method :refuse
end
