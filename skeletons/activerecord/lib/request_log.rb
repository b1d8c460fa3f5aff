# frozen_string_literal: true

require_relative "database"
require_relative "puma_queue"

# Gives every request a deadline and a line in the log.
class RequestLog
  DEADLINE = 10 # seconds, waiting and retries included; for a thread, too

  def initialize(app)
    @app = app
  end

  def call(env)
    start = env.fetch(PumaQueue::KEY) { now }
    answer = Database::Deadline.within(DEADLINE - (now - start)) { @app.call(env) }
    log(env, answer.first, now - start)
    answer
  end

  private

  def log(env, status, seconds)
    event = { message: "request", method: env["REQUEST_METHOD"], path: env["PATH_INFO"], status:,
              ms: (seconds * 1000).round(1) }
    if (error = env["action_dispatch.exception"])
      event[:sqlstate] = Database.sqlstate(error)
      event[:error] = Database.describe(error) if status >= 500
      event[:stack] = stack(error) if status == 500
    end
    Rails.logger.add(status >= 500 ? Logger::ERROR : Logger::INFO, event)
  end

  # The application's part of it.
  def stack(error)
    [ "#{error.class}: #{error.message}", *Rails.backtrace_cleaner.clean(error.backtrace.to_a) ].join("\n")
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
