# frozen_string_literal: true

require "active_record/connection_adapters/cockroachdb_adapter"
require_relative "connection"
require_relative "deadline"
require_relative "errors"
require_relative "retry"
require_relative "url"

module Database
  # CockroachDB's adapter, made to keep deadlines and to know what became of a COMMIT.
  class Adapter < ActiveRecord::ConnectionAdapters::CockroachDBAdapter
    # Active Record throws a connection away that failed in this way, without a ROLLBACK.
    class CommitUnknown < ActiveRecord::ConnectionFailed; end

    class ErrorSwallowed < ActiveRecord::ActiveRecordError; end

    def self.new_client(parameters)
      Connection.establish(parameters)
    rescue PG::Error => error
      raise ActiveRecord::NoDatabaseError.db_error(parameters[:dbname]) if Database.missing?(error)

      # Active Record's own would tell the user name or the host in place of the reason.
      raise ActiveRecord::ConnectionNotEstablished, error.message
    end

    # A connection is waited for as long as this, whether it is made or proves that it still works. The
    # pool's maintenance has no other deadline.
    def active?
      Deadline.within(Url::CONNECT_TIMEOUT) { super }
    end

    def verify!
      Deadline.within(Url::CONNECT_TIMEOUT) { super }
    end

    def reconnect!(restore_transactions: false)
      Deadline.within(Url::CONNECT_TIMEOUT) { super }
    end

    # Active Record would connect anew inside of a transaction that has done nothing yet, and begin it
    # again. If that fails half-way and is tried again, it forgets the transaction, and the statements
    # that follow commit one by one (Rails 8.1.4). So a transaction begins on a connection that has just
    # answered, and stays on it.
    def within_new_transaction(...)
      verify! if open_transactions.zero?
      super
    end

    def commit_db_transaction
      if @raw_connection&.transaction_status == PG::PQTRANS_INERROR
        # The server would answer ROLLBACK, which is no error.
        raise ErrorSwallowed, "an error of the database was swallowed inside of the transaction"
      end
      raise Unavailable, "no time left for the COMMIT" if Deadline.remaining.zero? # to hear its answer

      super
    rescue ActiveRecord::AdapterError => error
      raise CommitUnknown, error.message if Retry.ambiguous?(Database.sqlstate(error))

      raise
    end

    private

    def reconnect_can_restore_state?
      open_transactions.zero? && super
    end

    # A new connection instead of the old one reset, which would be the first of two attempts.
    def reconnect
      @raw_connection&.close
    rescue PG::Error
      # It was closed already.
    ensure
      @raw_connection = nil
      connect
    end
  end
end
