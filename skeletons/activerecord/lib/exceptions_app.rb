# frozen_string_literal: true

require_relative "database"
require_relative "problem"

# What is answered to a request that ended in an exception: Rails' exceptions_app, the one place that
# makes exceptions answers.
module ExceptionsApp
  RETRY_AFTER = { "retry-after" => "1" }.freeze # seconds

  # Not reported to Rails.error: these are answers, or an outage.
  EXPECTED = {
    "Problem" => :bad_request,
    "Database::OutcomeUnknown" => :service_unavailable,
    "Database::Unavailable" => :service_unavailable,
    "ActiveRecord::ConnectionFailed" => :service_unavailable,
    "ActiveRecord::ConnectionNotEstablished" => :service_unavailable,
    "ActiveRecord::ConnectionTimeoutError" => :service_unavailable,
    "ActiveRecord::QueryCanceled" => :service_unavailable
  }.freeze

  METHODS = %w[GET POST PUT PATCH DELETE].freeze

  # Stands in the place of Rails' middleware for detailed error pages, of which it keeps one thing: a
  # request that found no route is an exception too.
  class NoRoute
    def initialize(app)
      @app = app
    end

    def call(env)
      answer = @app.call(env)
      return answer unless answer[1][ActionDispatch::Constants::X_CASCADE] == "pass"

      answer[2].close if answer[2].respond_to?(:close)
      raise ActionController::RoutingError, "no route"
    end
  end

  class << self
    def call(env)
      problem(env.fetch("action_dispatch.exception"), env).to_rack
    end

    # Answers to a Host that is not among config.hosts.
    def blocked_host(_env)
      Problem.bad_request(Problem::FieldError.new("Host", "is not served here")).to_rack
    end

    private

    def problem(exception, env)
      case exception
      when Problem
        exception
      when Database::OutcomeUnknown
        # No Retry-After: to send the request again might do it twice.
        Problem.new(503, "the connection broke in the commit: look whether it happened",
                    type: "urn:problem:outcome-unknown")
      when ActiveRecord::RecordNotFound
        Problem.new(404, "there is no such #{(exception.model || "record").downcase}")
      when ActionController::RoutingError, ActionController::UnknownHttpMethod
        no_route(env.fetch("action_dispatch.original_path"))
      else
        other(exception)
      end
    end

    # A path that other methods have is not unknown.
    def no_route(path)
      allowed = METHODS.select { |method| route?(path, method) }
      return Problem.new(404, "there is nothing at this path") if allowed.empty?

      Problem.new(405, "the resource does not have this method; see Allow", headers: { "allow" => allowed.join(", ") })
    end

    # Rails' own pages, which development has, do not count.
    def route?(path, method)
      !Rails.application.routes.recognize_path(path, method:).fetch(:controller).start_with?("rails/")
    rescue ActionController::RoutingError
      false
    end

    def other(exception)
      if Database.unavailable?(exception)
        return Problem.new(503, "the database cannot answer now", headers: RETRY_AFTER)
      end

      case status = ActionDispatch::ExceptionWrapper.status_code_for_exception(exception.class.name)
      when 400 then Problem.bad_request(Problem::FieldError.new("request", "is not valid"))
      when 400...500 then Problem.new(status, "the request cannot be answered")
      else Problem.new(500, "something went wrong here")
      end
    end
  end
end
