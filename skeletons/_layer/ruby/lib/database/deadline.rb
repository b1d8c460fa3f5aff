# frozen_string_literal: true

module Database
  # The time by which the current work must be done. A request has one, and so has each wait for a
  # connection; commands have none. It is the thread's: one that the work starts has none of its own.
  module Deadline
    # Gives the block this many seconds, or fewer if an enclosing deadline is nearer.
    def self.within(seconds)
      outer = current
      self.current = [ outer, now + seconds ].compact.min
      yield
    ensure
      self.current = outer
    end

    # Seconds left, infinite without a deadline, 0 when it has passed.
    def self.remaining
      current ? [ 0.0, current - now ].max : Float::INFINITY
    end

    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
    private_class_method :now

    def self.current = Thread.current.thread_variable_get(:database_deadline)
    private_class_method :current

    def self.current=(time)
      Thread.current.thread_variable_set(:database_deadline, time)
    end
    private_class_method :current=
  end
end
