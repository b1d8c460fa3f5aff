# frozen_string_literal: true

require "test_helper"

class ConnectionTest < DatabaseTest
  def setup
    super
    @connection = Database::Connection.new(TestDatabase.parameters)
    @connection.ready
  end

  def teardown
    @connection.close
    super
  end

  def test_values_are_rubys
    row = @connection.query("SELECT 9007199254740991::INT8 AS n, now() AS time, 'é'::TEXT AS text, NULL AS none").first

    assert_equal [ (2**53) - 1, "é", nil ], row.values_at(:n, :text, :none)
    assert_instance_of Time, row[:time]
  end

  def test_second_statement_is_refused
    assert_raises(PG::SyntaxError) { @connection.query("SELECT 1; SELECT 2") }
    assert_equal 1, @connection.query("SELECT 1::INT8").getvalue(0, 0)
  end

  def test_statement_ends_at_the_deadline
    start = now

    Database::Deadline.within(0.3) do
      assert_raises(Database::Unavailable) { @connection.query("SELECT pg_sleep(2)") }
    end

    assert_operator now - start, :<, 1
    @connection.ready
    assert_equal 1, @connection.query("SELECT 1::INT8").getvalue(0, 0)
  end

  def test_connecting_ends_at_the_deadline
    server = TCPServer.new("127.0.0.1", 0) # takes connections and says nothing
    silent = Database::Connection.new(TestDatabase.parameters.merge(host: "127.0.0.1", port: server.addr[1]))
    start = now

    Database::Deadline.within(0.3) { assert_raises(Database::Unavailable) { silent.ready } }
    assert_operator now - start, :<, 1
  ensure
    server&.close
  end

  def test_failure_to_connect_is_one_line
    nowhere = Database::Connection.new(TestDatabase.parameters.merge(hostaddr: "127.0.0.1", port: "1"))
    error = assert_raises(PG::ConnectionBad) { nowhere.ready }

    assert_match(/refused/, Database.describe(error))
    refute_includes Database.describe(error), "\n"
    assert_nil Database.sqlstate(error)
  end

  def test_old_connections_are_replaced
    first = backend
    @connection.ready
    assert_equal first, backend

    @connection.instance_variable_set(:@expiry, 0)
    @connection.ready
    refute_equal first, backend
  end

  private

  def backend
    @connection.query("SELECT pg_backend_pid() AS pid").first[:pid]
  end
end
