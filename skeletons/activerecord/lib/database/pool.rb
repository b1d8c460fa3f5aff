# frozen_string_literal: true

require "active_record"
require_relative "deadline"

module Database
  # Active Record's pool, which knows one timeout for all.
  module Pool
    def checkout(timeout = checkout_timeout)
      super([ timeout, Deadline.remaining ].min)
    end

    ActiveRecord::ConnectionAdapters::ConnectionPool.prepend(self)
  end
end
