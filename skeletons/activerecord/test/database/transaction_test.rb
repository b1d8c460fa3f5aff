# frozen_string_literal: true

require "test_helper"

class TransactionTest < ActiveSupport::TestCase
  self.use_transactional_tests = false
  teardown :delete_everything

  CONFLICT = PG::TRSerializationFailure
  BROKEN = PG::ConnectionBad

  # Makes COMMITs fail before the server sees them, with the errors that it is given.
  module FailingCommits
    mattr_reader :errors, default: []

    def async_exec(sql, ...)
      error = errors.shift if sql == "COMMIT"
      return super unless error

      super("ROLLBACK")
      raise error
    end
  end
  Database::Connection.prepend(FailingCommits)

  # Adds an account, then raises the errors that it was given, one in each run.
  class Work
    attr_reader :runs

    def initialize(*errors)
      @errors = errors
      @runs = 0
    end

    def call
      @runs += 1
      Account.create!(owner: "Ada")
      raise @errors.shift if @errors.any?

      "done"
    rescue PG::Error => error
      raise ActiveRecord::StatementInvalid, error.message
    end
  end

  test "serialization failures run it again" do
    work = Work.new(CONFLICT, CONFLICT)

    assert_equal("done", Database.transaction { work.call })
    assert_equal [ 3, 1 ], [ work.runs, Account.count ]
  end

  test "serialization failure at COMMIT runs it again" do
    fail_commits CONFLICT, CONFLICT
    work = Work.new

    assert_equal("done", Database.transaction { work.call })
    assert_equal [ 3, 1 ], [ work.runs, Account.count ]
  end

  test "one of two transactions in conflict is run again" do
    ours, theirs = Array.new(2) { Account.create!(owner: "Ada", balance: 1) }
    empty = ->(account) { Account.where(id: account.id).update_all(balance: 0) if Account.sum(:balance) == 2 }
    runs = 0

    # Each empties an account where both have money: if both did, nothing would be left.
    Database.transaction do
      runs += 1
      Account.sum(:balance)
      Thread.new { Database.transaction { empty.call(theirs) } }.join if runs == 1
      empty.call(ours)
    end

    assert_equal [ 2, 1 ], [ runs, Account.sum(:balance) ]
  end

  test "retries are limited" do
    work = Work.new(*[ CONFLICT ] * 20)

    error = with_max_retries(2) { assert_raises(Database::Unavailable) { Database.transaction { work.call } } }
    assert_equal "40001", Database.sqlstate(error)
    assert_equal 3, work.runs
  end

  test "other errors are not retried" do
    work = Work.new(PG::QueryCanceled)

    assert_raises(ActiveRecord::StatementInvalid) { Database.transaction { work.call } }
    assert_equal [ 1, 0 ], [ work.runs, Account.count ]
  end

  test "duplicate key runs idempotent work again" do
    work = Work.new(PG::UniqueViolation)

    assert_equal("done", Database.transaction(idempotent: true) { work.call })
    assert_equal 2, work.runs
  end

  test "outcome that is unknown" do
    [ BROKEN, PG::TRStatementCompletionUnknown ].each do |error|
      fail_commits error
      work = Work.new

      assert_raises(Database::OutcomeUnknown) { Database.transaction { work.call } }
      assert_equal 1, work.runs
    end
  end

  test "outcome of idempotent work that is unknown" do
    fail_commits BROKEN
    work = Work.new

    assert_equal("done", Database.transaction(idempotent: true) { work.call })
    assert_equal 2, work.runs
  end

  test "outcome that is unknown twice" do
    fail_commits BROKEN, BROKEN
    work = Work.new

    assert_raises(Database::OutcomeUnknown) { Database.transaction(idempotent: true) { work.call } }
    assert_equal 2, work.runs
  end

  test "swallowed error does not look like a commit" do
    assert_raises(Database::Adapter::ErrorSwallowed) do
      Database.transaction do
        Account.create!(owner: "Ada")
        assert_raises(ActiveRecord::StatementInvalid) { Account.find_by_sql("SELECT 1/0") }
      end
    end
    assert_equal 0, Account.count
  end

  test "refuses to be nested" do
    Account.transaction do
      assert_raises(ArgumentError) { Database.transaction { flunk } }
    end
  end

  test "COMMIT is not begun after the deadline" do
    Database::Deadline.within(0.1) do
      assert_raises(Database::Unavailable) { Database.transaction { Account.create!(owner: "Ada") && sleep(0.15) } }
    end
    assert_equal 0, Account.count
  end

  private

  def fail_commits(*errors)
    FailingCommits.errors.replace(errors)
  end

  def with_max_retries(number)
    config = ActiveRecord::Base.connection_db_config
    ActiveRecord::Base.establish_connection(config.configuration_hash.merge(max_retries: number))
    yield
  ensure
    ActiveRecord::Base.establish_connection(config)
  end
end
