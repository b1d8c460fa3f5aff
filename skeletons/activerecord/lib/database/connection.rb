# frozen_string_literal: true

require "pg"
require "timeout"
require_relative "deadline"
require_relative "url"

module Database
  # The driver's connection, made to stop waiting at the deadline.
  #
  # statement_timeout is not enough: the server keeps it, and one that hangs does not.
  class Connection < PG::Connection
    # Always granted: a ROLLBACK after the deadline may save the connection.
    GRACE = 0.1

    # Connects, and looks names up, within the deadline and the connect timeout.
    def self.establish(parameters)
      seconds = [ Deadline.remaining, Url::CONNECT_TIMEOUT ].min
      raise PG::ConnectionBad, "no time left to connect in" unless seconds.positive?

      Timeout.timeout(seconds) { new(**parameters) }
    rescue Timeout::Error
      raise PG::ConnectionBad, "no connection in time"
    end

    {
      exec: :send_query, async_exec: :send_query, query: :send_query,
      exec_params: :send_query_params, exec_prepared: :send_query_prepared,
      prepare: :send_prepare, close_prepared: :send_close_prepared
    }.each do |name, send|
      next unless method_defined?(send) # closing is of libpq 17

      define_method(name) do |*arguments, &block|
        result = answer { public_send(send, *arguments) }
        next result unless block

        begin
          block.call(result)
        ensure
          result.clear
        end
      end
    end

    # Of a closed connection too, about which Active Record asks.
    def transaction_status
      finished? ? PG::PQTRANS_UNKNOWN : super
    end

    private

    def answer
      discard_results
      yield
      last = nil
      while (result = next_result)
        last&.clear
        last = result
        break if copying?(last)
      end
      last.check
    end

    def next_result
      seconds = [ Deadline.remaining, GRACE ].max
      return get_result if seconds.finite? ? block(seconds) : block

      finish # its answer must not be taken for that of the next command
      raise PG::ConnectionBad, "no answer in time"
    end

    def copying?(result)
      [ PG::PGRES_COPY_IN, PG::PGRES_COPY_OUT, PG::PGRES_COPY_BOTH ].include?(result.result_status)
    end
  end
end
