# frozen_string_literal: true

require "test_helper"

class ExceptionsAppTest < ActionDispatch::IntegrationTest
  test "unknown paths" do
    [ "/", "/nope", "/accounts/#{UNKNOWN}/x" ].each do |path|
      get path
      assert_problem 404
    end
  end

  test "methods that a path does not have" do
    { [ :put, "/accounts" ] => "GET, POST", [ :put, "/accounts/#{UNKNOWN}" ] => "GET, PATCH, DELETE",
      [ :post, "/healthz" ] => "GET", [ :get, "/transfers" ] => "POST" }.each do |(method, path), allow|
      process method, path
      assert_problem 405
      assert_equal allow, response.headers["Allow"]
    end
  end

  test "query that Rails cannot read" do
    get "/accounts?limit=5&limit[a]=6"

    assert_predicate assert_problem(400)["errors"], :present?
  end

  test "hosts that are not served" do
    get "/accounts", headers: { "Host" => "evil.example" }

    assert_equal [ "Host" ], assert_problem(400)["errors"].pluck("field")
  end

  test "outages" do
    [ Database::Unavailable, ActiveRecord::ConnectionFailed, ActiveRecord::ConnectionTimeoutError ].each do |error|
      status, headers, problem = answer(error)

      assert_equal [ 503, "1", "about:blank" ], [ status, headers["retry-after"], problem["type"] ]
    end
  end

  test "outcome that is unknown" do
    status, headers, problem = answer(Database::OutcomeUnknown)

    assert_equal [ 503, "urn:problem:outcome-unknown" ], [ status, problem["type"] ]
    assert_not_includes headers, "retry-after"
  end

  test "mistakes, of which nothing is told" do
    [ ActiveRecord::StatementInvalid, Database::Adapter::ErrorSwallowed, NoMethodError ].each do |error|
      status, _, problem = answer(error)

      assert_equal 500, status
      assert_not_includes problem.to_s, "s3cret"
    end
  end

  private

  def answer(error)
    status, headers, body = ExceptionsApp.call({ "action_dispatch.exception" => error.new("s3cret") })
    [ status, headers, JSON.parse(body.join) ]
  end
end
