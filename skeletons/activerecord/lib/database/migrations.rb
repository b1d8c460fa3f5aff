# frozen_string_literal: true

require "active_record"
require_relative "errors"

module Database
  # What Rails' migrations lack on CockroachDB.
  module Migrations
    # An index on a large table takes its time.
    module WithoutTimeout
      def exec_migration(connection, direction)
        timeout = connection.select_value("SHOW statement_timeout")
        connection.execute("SET statement_timeout = 0")
        super
      ensure
        connection.execute("SET statement_timeout = #{connection.quote(timeout)}") if timeout
      end

      ActiveRecord::Migration.prepend(self)
    end

    # There is no lock: CockroachDB has no advisory locks. A second run at the same time makes the same
    # things, or finds that the other was faster; then it looks again what is left to do.
    module WithoutLock
      FASTER = %w[23505 40001 42701 42710 42P07].freeze # it is there: a row, a column, an object, a table
      ATTEMPTS = 10

      def migrate(...)
        attempts = 0
        begin
          super(...)
        rescue StandardError => error
          attempts += 1
          retry if attempts < ATTEMPTS && FASTER.include?(Database.sqlstate(error))
          raise
        end
      end

      ActiveRecord::MigrationContext.prepend(self)
    end
  end
end
