# frozen_string_literal: true

require "puma"
require "puma/server"
require_relative "problem"

# What Puma answers by itself, to a request that it cannot parse for one, as problem details. For
# config/puma.rb:
#
#     lowlevel_error_handler PumaProblems.method(:answer)
module PumaProblems
  DETAILS = {
    408 => "the request did not arrive in time",
    413 => "the body is far too large",
    501 => "the server cannot read a request like this",
    503 => "the server is stopping"
  }.freeze

  # Takes and returns what Puma's handler of low-level errors does.
  def self.answer(_error, _env, status)
    problem(status).to_rack
  end

  def self.problem(status)
    return Problem.bad_request(Problem::FieldError.new("request", "is not HTTP")) if status == 400

    Problem.new(status, DETAILS.fetch(status, "the server met an error; its log says which"))
  end

  # Puma does not ask its handler about a 413.
  module Server
    private

    def response_to_error(client, requests, error, status)
      return super unless status == 413

      prepare_response(*PumaProblems.answer(error, client.env, status), requests, client)
    end
  end

  # Nor about a 408, for which it has no more than a status line.
  module Client
    def write_error(status)
      _, headers, body = PumaProblems.problem(status).to_rack
      head = headers.merge("connection" => "close").map { |name, value| "#{name}: #{value}\r\n" }.join
      @io << "HTTP/1.1 #{status} #{Rack::Utils::HTTP_STATUS_CODES[status]}\r\n#{head}\r\n#{body.join}"
    rescue IOError, SystemCallError
      # The client is gone.
    end
  end

  Puma::Server.prepend(Server)
  Puma::Client.prepend(Client)
end
