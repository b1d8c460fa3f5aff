# frozen_string_literal: true

require "test_helper"

class RequestLogTest < ActiveSupport::TestCase
  test "a request is an event" do
    event = log({ "REQUEST_METHOD" => "GET", "PATH_INFO" => "/accounts" }) { [ 200, {}, [] ] }

    assert_equal [ "request", "GET", "/accounts", 200 ], event.values_at(:message, :method, :path, :status)
    assert_operator event[:ms], :>=, 0
    assert_not_includes event, :error
  end

  test "an error is described, with its SQLSTATE" do
    event = log({ "action_dispatch.exception" => caused_by(PG::UndefinedTable) }) { [ 500, {}, [] ] }

    assert_equal "42P01", event[:sqlstate]
    assert_equal "the driver's", event[:error]
    assert_match(/\AActiveRecord::StatementInvalid: /, event[:stack])
  end

  test "the time that a request has begins when it waits for a thread" do
    remaining = nil
    waiting_since = Process.clock_gettime(Process::CLOCK_MONOTONIC) - 4

    event = log({ PumaQueue::KEY => waiting_since }) { (remaining = Database::Deadline.remaining) && [ 200, {}, [] ] }

    assert_includes 5..6, remaining
    assert_operator event[:ms], :>=, 4000
  end

  private

  def log(env, &app)
    events = []
    logger = Logger.new(nil)
    logger.define_singleton_method(:add) { |_severity, event| events << event }
    Rails.logger.broadcast_to(logger)
    RequestLog.new(app).call(env)
    events.sole
  ensure
    Rails.logger.stop_broadcasting_to(logger)
  end

  def caused_by(error)
    raise error, "the driver's"
  rescue PG::Error
    begin
      raise ActiveRecord::StatementInvalid, "Active Record's"
    rescue ActiveRecord::StatementInvalid => wrapped
      wrapped
    end
  end
end
