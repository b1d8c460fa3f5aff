# frozen_string_literal: true

require_relative "deadline"
require_relative "errors"

module Database
  # Runs a transaction again when CockroachDB asks for it.
  module Retry
    BASE = 0.05 # seconds
    CAP = 2.0

    SERIALIZATION_FAILURE = "40001"
    UNIQUE_VIOLATION = "23505"

    # Yields, and the block makes one transaction, from BEGIN to COMMIT. It is run again after a 40001,
    # max_retries times at most and never past the deadline.
    #
    # idempotent says that it finds out by itself whether it has been done already (it looks up a unique
    # key first). Then it is also run once more after a duplicate key (23505), which it finds this time,
    # and after a COMMIT of unknown outcome. Raises OutcomeUnknown where it stays unknown; an error that
    # is not the database's is an answer, and decides.
    def self.run(max_retries:, idempotent: false)
      conflicts = 0
      duplicate = in_doubt = false
      begin
        yield
      rescue StandardError => error
        pause = backoff(conflicts)
        state = Database.sqlstate(error)
        if error.is_a?(OutcomeUnknown)
          again = idempotent && !in_doubt
          in_doubt = true
        elsif state == SERIALIZATION_FAILURE
          again = conflicts < max_retries
          conflicts += 1
        elsif state == UNIQUE_VIOLATION
          again = idempotent && !duplicate
          duplicate = true
        else
          again = false
        end
        if again && pause < Deadline.remaining
          sleep pause
          retry
        end
        raise OutcomeUnknown if in_doubt && Database.error?(error)
        raise Unavailable, "gave up after #{conflicts} conflicts" if state == SERIALIZATION_FAILURE

        raise
      end
    end

    # How long to wait before retry n, counted from 0: exponential with full jitter, a random time below
    # min(cap, base·2ⁿ), so that those who collided spread out.
    def self.backoff(n)
      rand * [ CAP, BASE * (2**n) ].min
    end

    # Of the SQLSTATE of a failed COMMIT: the connection broke (nil, 08…, 57P…), or the server cannot
    # tell (40003).
    def self.ambiguous?(state)
      state.nil? || state == "40003" || state.start_with?("08", "57P")
    end
  end
end
