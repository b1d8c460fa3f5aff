# frozen_string_literal: true

require "test_helper"
require "stringio"
require_relative "../lib/api/app"
require_relative "../lib/log_format"

# Tests that speak to the API as a client does.
class APITestCase < DatabaseTest
  def setup
    super
    @app = build(store) { pool.ping }
  end

  # An application whose log is in @log.
  def build(store, &ping)
    @log = StringIO.new
    API::App.build(store, log: Logger.new(@log, formatter: LogFormat::Json.new), &ping)
  end

  # The target as it is sent, which need not be a URI.
  def request(method, target, body = nil, type: "application/json", **headers)
    path, _, query = target.partition("?")
    env = Rack::MockRequest.env_for("/", method:, input: body)
    env.update("PATH_INFO" => path, "QUERY_STRING" => query, "CONTENT_TYPE" => type, **headers.transform_keys(&:to_s))
    Rack::MockResponse[*@app.call(env)]
  end

  def get(path) = request("GET", path)
  def delete(path) = request("DELETE", path)
  def post(path, body, **options) = request("POST", path, body.is_a?(String) ? body : JSON.generate(body), **options)
  def patch(path, body) = request("PATCH", path, JSON.generate(body))

  def json(response)
    JSON.parse(response.body)
  end

  # Checks the form of an error, and returns its fields.
  def assert_problem(status, response)
    assert_equal status, response.status, response.body
    assert_equal "application/problem+json", response.content_type
    problem = json(response)
    assert_equal status, problem["status"]
    refute_empty problem["title"]
    problem
  end
end
