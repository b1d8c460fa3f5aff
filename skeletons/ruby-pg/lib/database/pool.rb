# frozen_string_literal: true

require "connection_pool"
require_relative "connection"
require_relative "retry"

module Database
  # Lends connections, and is the one way to the database.
  class Pool
    WAIT = 3 # seconds, for a connection

    # The connection is broken, or the server in no state to answer: connection exceptions (08…),
    # insufficient resources (53…), operator intervention (57…: timeouts and shutdown).
    TRANSIENT = [
      PG::ConnectionBad, PG::UnableToSend, PG::ConnectionException, PG::InsufficientResources, PG::OperatorIntervention
    ].freeze
    private_constant :TRANSIENT

    # Opens no connection: the database may be down.
    def initialize(parameters, size:, max_retries:)
      @max_retries = max_retries
      @pool = ConnectionPool.new(size:) { Connection.new(parameters) }
    end

    # Runs the block in a transaction of its own and returns its value. The block is given a Connection.
    # It may run several times, so it does nothing but SQL, and lets database errors pass. Retry says
    # when it is run again, and what idempotent means.
    def transaction(idempotent: false, &work)
      Retry.run(max_retries: @max_retries, idempotent:) { with { |connection| connection.transaction(&work) } }
    end

    # Runs the block outside any transaction: each of its statements is consistent by itself.
    def read(&work)
      Retry.run(max_retries: @max_retries) { with(&work) }
    end

    def ping
      with { |connection| connection.query("SELECT 1") }
    end

    def close
      @pool.shutdown(&:close)
    end

    private

    def with
      start = now
      @pool.with(timeout: [ WAIT, Deadline.remaining ].min) do |connection|
        Deadline.within(start + WAIT - now) { connection.ready }
        yield connection
      end
    rescue ConnectionPool::TimeoutError
      raise Unavailable, "all connections are in use", cause: nil
    rescue *TRANSIENT => error
      raise Unavailable, error.message
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
