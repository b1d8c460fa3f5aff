# frozen_string_literal: true

require "json"
require "rack"

# An error that is its own answer: problem details, RFC 9457.
class Problem < StandardError
  FieldError = Data.define(:field, :message)

  # 400, with at least one field at fault; "body" is the body as a whole.
  def self.bad_request(*errors)
    new(400, "the request is malformed", errors:)
  end

  attr_reader :status, :type, :errors, :headers

  def initialize(status, detail, type: "about:blank", errors: [], headers: {})
    super(detail)
    @status = status
    @type = type
    @errors = errors
    @headers = headers
  end

  def to_h
    title = Rack::Utils::HTTP_STATUS_CODES.fetch(status, "Error")
    problem = { type:, title:, status:, detail: message }
    errors.empty? ? problem : problem.merge(errors: errors.map(&:to_h))
  end

  # What a Rack application returns.
  def to_rack
    body = JSON.generate(to_h)
    headers = { "content-type" => "application/problem+json", "content-length" => body.bytesize.to_s }
    [ status, headers.merge(@headers), [ body ] ]
  end
end
