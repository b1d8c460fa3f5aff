# frozen_string_literal: true

module Database
  # The time by which the current work must be done. A request has one, and so has each wait for a
  # connection; commands have none.
  module Deadline
    # Gives the block this many seconds, or fewer if an enclosing deadline is nearer.
    def self.within(seconds)
      outer = Fiber[:database_deadline]
      Fiber[:database_deadline] = [ outer, now + seconds ].compact.min
      yield
    ensure
      Fiber[:database_deadline] = outer
    end

    # Seconds left, infinite without a deadline, 0 when it has passed.
    def self.remaining
      deadline = Fiber[:database_deadline]
      deadline ? [ 0.0, deadline - now ].max : Float::INFINITY
    end

    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
    private_class_method :now
  end
end
