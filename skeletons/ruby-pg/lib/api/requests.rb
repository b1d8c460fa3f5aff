# frozen_string_literal: true

require_relative "../bank"
require_relative "../database/deadline"
require_relative "../database/errors"
require_relative "../problem"

module API
  # Gives each request a deadline, an answer and a line in the log: every error becomes a problem here.
  class Requests
    TIMEOUT = 10 # seconds, for everything: waiting, retries and the answer

    def initialize(app, log)
      @app = app
      @log = log
    end

    def call(env)
      start = now
      begin
        answer = Database::Deadline.within(TIMEOUT) { @app.call(env) }
      rescue StandardError => error
        answer = problem_for(error).to_rack
      end
      log(env, answer.first, now - start, error)
      answer
    end

    private

    # Says what an error means to a client, and nothing about the inside.
    def problem_for(error)
      case error
      when Problem then error
      when Bank::NotFound then Problem.new(404, error.message)
      when Bank::Conflict then Problem.new(409, error.message)
      when Bank::KeyReused then Problem.new(422, error.message)
      when Database::OutcomeUnknown
        # No Retry-After: to send the request again might do it twice.
        Problem.new(503, "the connection to the database broke while the change was being committed; " \
                         "it may have been made or not", type: "urn:problem:outcome-unknown")
      when Database::Unavailable
        Problem.new(503, "the database did not answer in time; nothing was changed", headers: { "retry-after" => "1" })
      else
        Problem.new(500, "the server met an error; its log says which")
      end
    end

    def log(env, status, seconds, error)
      event = { message: "request", method: env["REQUEST_METHOD"], path: env["PATH_INFO"], status:,
                ms: (seconds * 1000).round(1) }
      if error
        event[:sqlstate] = Database.sqlstate(error)
        event[:error] = Database.describe(error)
        event[:stack] = error if status == 500
      end
      status >= 500 ? @log.error(event) : @log.info(event)
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
