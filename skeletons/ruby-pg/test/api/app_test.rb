# frozen_string_literal: true

require "api_test_case"

# What the application answers when nothing, or everything, is wrong with it.
class AppTest < APITestCase
  # A store that fails.
  Broken = Data.define(:error) do
    def transfer(_id) = raise(error)
  end

  def test_unknown_method
    {
      "/accounts" => "GET, POST",
      "/accounts/#{UNKNOWN}" => "GET, PATCH, DELETE",
      "/transfers" => "POST",
      "/transfers/#{UNKNOWN}" => "GET",
      "/healthz" => "GET"
    }.each do |path, allow|
      %w[PUT BREW].each do |method|
        answer = request(method, path)

        assert_problem 405, answer
        assert_equal allow, answer["Allow"]
      end
    end
  end

  def test_unknown_path
    %w[/nowhere / /accounts/ /Accounts //accounts].each { |path| assert_problem 404, get(path) }
  end

  def test_errors_become_problems
    [
      [ Database::Unavailable.new, "about:blank", "1" ],
      [ Database::OutcomeUnknown.new, "urn:problem:outcome-unknown", nil ]
    ].each do |error, type, retry_after|
      @app = build(Broken.new(error))
      answer = get("/transfers/#{UNKNOWN}")

      assert_equal type, assert_problem(503, answer)["type"]
      assert_equal [ retry_after ], [ answer["Retry-After"] ]
    end
  end

  def test_unexpected_error_is_for_the_log_alone
    @app = build(Broken.new(RuntimeError.new("inside")))
    answer = get("/transfers/#{UNKNOWN}")

    assert_problem 500, answer
    refute_includes answer.body, "inside"
    assert_includes JSON.parse(@log.string)["error"], "inside"
    assert_includes JSON.parse(@log.string)["stack"], __FILE__
  end

  def test_request_is_one_line_of_the_log
    get("/accounts/#{UNKNOWN}?limit=5")
    line = JSON.parse(@log.string)

    assert_equal([ "info", "request", "GET", "/accounts/#{UNKNOWN}", 404 ],
                 line.values_at("level", "message", "method", "path", "status"))
    assert_kind_of Float, line["ms"]
  end

  def test_probes
    assert_equal({ "status" => "ok" }, json(get("/healthz")))
    assert_equal({ "status" => "ready" }, json(get("/readyz")))
    @app = build(store) { raise Database::Unavailable }
    assert_equal 200, get("/healthz").status
    assert_problem 503, get("/readyz")
  end
end
