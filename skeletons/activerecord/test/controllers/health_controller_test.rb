# frozen_string_literal: true

require "test_helper"

class HealthControllerTest < ActionDispatch::IntegrationTest
  test "liveness asks no database and takes any host" do
    assert_no_queries { get "/healthz", headers: { "Host" => "10.0.0.7" } }

    assert_response :ok
    assert_equal({ "status" => "ok" }, response.parsed_body)
  end

  test "readiness asks the database" do
    get "/readyz"

    assert_response :ok
    assert_equal({ "status" => "ready" }, response.parsed_body)
  end
end
