# frozen_string_literal: true

require "pg"
require "timeout"
require_relative "deadline"
require_relative "errors"
require_relative "retry"

module Database
  # A database error did not leave a transaction: its COMMIT has rolled back, in silence.
  class ErrorSwallowed < StandardError; end

  # A connection to CockroachDB, which is opened again when it broke, and waits no longer than the
  # deadline.
  class Connection
    CONNECT_TIMEOUT = 3 # seconds
    LIFETIME = 300 # seconds, so that new nodes get their share
    LIFETIME_JITTER = 30

    # What of a result is not text: INT8 is an Integer, TIMESTAMPTZ is a Time.
    TYPES = PG::TypeMapByOid.new.tap do |types|
      types.add_coder(PG::TextDecoder::Integer.new(oid: 20))
      types.add_coder(PG::TextDecoder::TimestampWithTimeZone.new(oid: 1184))
    end
    private_constant :TYPES

    # Takes what Url.parse returns, and opens nothing yet.
    def initialize(parameters)
      @parameters = parameters
    end

    # Opens it, unless it is open, young and answers. Costs a round trip, and saves the first requests
    # after a node has gone.
    def ready
      close unless @pg && now < @expiry && answers?
      open unless @pg
    end

    # One statement, with $1, $2 … for the arguments. Returns PG::Result, with symbols for the columns.
    def query(statement, *arguments)
      raise Unavailable, "no time left" if Deadline.remaining.zero?

      @pg.send_query_params(statement, arguments)
      last = nil
      while (result = receive)
        last = result
      end
      last.check
      last.field_names_as(:symbol)
    end

    # Yields itself between BEGIN and COMMIT. Whatever leaves the block but its value rolls back.
    def transaction
      query("BEGIN")
      result = yield self
      commit
      result
    ensure
      roll_back
    end

    def close
      @pg&.finish
    rescue PG::Error
      # It is closed.
    ensure
      @pg = nil
    end

    private

    def open
      @pg = connect([ CONNECT_TIMEOUT, Deadline.remaining ].min)
      @pg.type_map_for_results = TYPES
      @pg.set_notice_processor { } # libpq would print them
      @expiry = now + LIFETIME - (rand * LIFETIME_JITTER)
    end

    # libpq's connect_timeout is for each of a host's addresses, and name servers take their time, too.
    # Timeout may interrupt anything; here there is nothing yet that it could leave half done.
    def connect(seconds)
      raise Unavailable, "no time left" unless seconds.positive? # Timeout takes 0 for no limit

      Timeout.timeout(seconds) { PG.connect(**@parameters) }
    rescue Timeout::Error
      raise Unavailable, "no connection in time"
    end

    def answers?
      query("SELECT 1")
      true
    rescue PG::Error, Unavailable
      false
    end

    # The next result of the statement, nil after the last. statement_timeout is not enough: the server
    # keeps it, and one that hangs does not.
    def receive
      left = Deadline.remaining
      return @pg.get_result if left.infinite? ? @pg.block : @pg.block(left)

      close # in the middle of a statement, whose answer must not be taken for that of the next
      raise Unavailable, "no answer in time"
    end

    def commit
      raise Unavailable, "no time left for the COMMIT" if Deadline.remaining.zero? # to hear its answer

      begin
        tag = query("COMMIT").cmd_status
      rescue PG::Error, Unavailable => error
        raise OutcomeUnknown if Retry.ambiguous?(Database.sqlstate(error))

        raise
      end
      raise ErrorSwallowed, "the transaction had failed, and was rolled back" unless tag == "COMMIT"
    end

    def roll_back
      return if @pg.nil? || @pg.transaction_status == PG::PQTRANS_IDLE

      query("ROLLBACK")
    rescue PG::Error, Unavailable
      close # the server rolls back then
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
