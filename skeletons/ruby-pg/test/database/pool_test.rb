# frozen_string_literal: true

require "test_helper"

class PoolTest < DatabaseTest
  def insert(connection)
    connection.query("INSERT INTO accounts (owner) VALUES ('Ada') RETURNING id").first[:id]
  end

  # As a node that goes away does.
  def cut(connection)
    file = connection.instance_variable_get(:@pg).socket_io.fileno
    BasicSocket.for_fd(file).tap { |socket| socket.autoclose = false }.shutdown
  end

  # Makes the next COMMITs fail before the server sees them.
  def fail_commits(connection, *errors)
    failing = Module.new do
      define_method(:query) do |statement, *arguments|
        error = errors.shift if statement == "COMMIT"
        error ? raise(error) : super(statement, *arguments)
      end
    end
    connection.singleton_class.prepend(failing)
  end

  def test_failed_run_is_rolled_back_and_run_again
    runs = 0
    pool.transaction do |connection|
      runs += 1
      insert(connection)
      raise PG::TRSerializationFailure if runs < 3
    end

    assert_equal 3, runs
    assert_equal 1, count("accounts")
  end

  def test_serialization_failure_at_commit
    runs = 0
    pool.transaction do |connection|
      runs += 1
      fail_commits(connection, PG::TRSerializationFailure) if runs == 1
      insert(connection)
    end

    assert_equal 2, runs
    assert_equal 1, count("accounts")
  end

  # Two transactions read what the other writes: one of them must be run again.
  def test_real_conflict
    ids = pool.transaction { |connection| [ insert(connection), insert(connection) ] }
    sum = ->(connection) { connection.query("SELECT sum(balance)::INT8 AS sum FROM accounts").first[:sum] }
    write = lambda do |connection, id|
      connection.query("UPDATE accounts SET balance = $1 WHERE id = $2", sum.call(connection) + 1, id)
    end
    runs = 0

    pool.transaction do |connection|
      runs += 1
      sum.call(connection)
      Thread.new { pool.transaction { |other| write.call(other, ids[0]) } }.join if runs == 1
      write.call(connection, ids[1])
    end

    assert_equal 1 + 2, pool.read(&sum)
    assert_operator runs, :>, 1
  end

  def test_unknown_outcome
    [ PG::ConnectionBad, PG::TRStatementCompletionUnknown, Database::Unavailable ].each do |error|
      runs = 0
      assert_raises(Database::OutcomeUnknown) do
        pool.transaction do |connection|
          runs += 1
          fail_commits(connection, error)
          insert(connection)
        end
      end
      assert_equal 1, runs
    end
  end

  def test_unknown_outcome_of_idempotent_work
    runs = 0
    pool.transaction(idempotent: true) do |connection|
      runs += 1
      fail_commits(connection, PG::ConnectionBad) if runs == 1
      insert(connection)
    end

    assert_equal 2, runs
    assert_equal 1, count("accounts")
  end

  def test_connection_lost_before_commit_is_no_unknown_outcome
    assert_raises(Database::Unavailable) do
      pool.transaction do |connection|
        insert(connection)
        cut(connection)
        insert(connection)
      end
    end
    assert_equal 0, count("accounts")
  end

  def test_swallowed_error_does_not_look_like_a_commit
    assert_raises(Database::ErrorSwallowed) do
      pool.transaction do |connection|
        insert(connection)
        assert_raises(PG::DivisionByZero) { connection.query("SELECT 1/0") }
      end
    end
    assert_equal 0, count("accounts")
  end

  def test_leaving_the_block_rolls_back
    catch(:out) do
      pool.transaction do |connection|
        insert(connection)
        throw :out
      end
    end

    assert_equal 0, count("accounts")
  end

  def test_wait_for_a_place_ends_at_the_deadline
    small = open_pool(size: 1)
    small.read do
      start = now
      waiting = Thread.new { Database::Deadline.within(0.3) { small.ping } }
      waiting.report_on_exception = false

      assert_raises(Database::Unavailable) { waiting.join }
      assert_operator now - start, :<, 1
    end
  ensure
    small.close
  end

  def test_dead_connections_are_replaced
    pool.read { |connection| cut(connection) }

    pool.ping
  end

  def test_no_database_is_unavailable
    nowhere = open_pool({ hostaddr: "127.0.0.1", port: "1", dbname: "x" })

    error = assert_raises(Database::Unavailable) { nowhere.ping }
    assert_match(/refused/, Database.describe(error))
  end
end
