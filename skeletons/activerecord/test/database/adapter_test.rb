# frozen_string_literal: true

require "test_helper"

class AdapterTest < ActiveSupport::TestCase
  self.use_transactional_tests = false
  teardown :delete_everything

  test "it is CockroachDB's" do
    ActiveRecord::Base.with_connection do |connection|
      assert_kind_of ActiveRecord::ConnectionAdapters::CockroachDBAdapter, connection
      assert_equal "CockroachDB", connection.adapter_name
      assert_equal 0, connection.max_transaction_retries
    end
  end

  test "it is CockroachDB's too where Rails puts a postgresql:// DATABASE_URL over the configuration" do
    with_database_url("postgresql://ada@db.example.com/bank?sslmode=verify-full") do
      config = configuration({ "test" => { "adapter" => "postgresql", "database" => "other" } })

      assert_equal [ "cockroachdb", "bank" ], [ config.adapter, config.database ]
    end
  end

  test "Rails does not read DATABASE_URL by itself" do
    with_database_url("postgresql://ada:s3cret%zz@db.example.com/bank", ENV["PRIMARY_DATABASE_URL"]) do
      assert_operator configuration({}).host, :end_with?, ".invalid"
    end
  end

  test "DATABASE_URL does not reach the tests" do
    with_database_url("postgresql://ada@db.example.com/bank?sslmode=verify-full") do
      config = configuration(Rails.application.config.database_configuration)

      assert_operator config.database, :end_with?, "_test"
      assert_not_equal "db.example.com", config.host
    end
  end

  test "statement ends at the deadline" do
    start = now

    Database::Deadline.within(0.3) do
      assert_raises(ActiveRecord::ConnectionNotEstablished) { sleep_in_database 2 }
    end

    assert_operator now - start, :<, 1
    assert_equal 0, Account.count
  end

  test "place in the pool is waited for until the deadline" do
    pool = ActiveRecord::Base.connection_pool
    held = Array.new(pool.size) { pool.checkout }
    start = now

    Database::Deadline.within(0.3) { assert_raises(ActiveRecord::ConnectionTimeoutError) { Account.count } }

    assert_operator now - start, :<, 1
  ensure
    held&.each { |connection| pool.checkin(connection) }
  end

  test "dead connections are replaced" do
    break_connection
    assert_equal 0, Account.count
    break_connection
    assert_nothing_raised { Database.transaction { Account.create!(owner: "Ada") } }
  end

  test "connection that is lost in a transaction is not replaced" do
    [ -> { }, -> { Account.count } ].each do |before|
      assert_raises(ActiveRecord::AdapterError) do
        Database.transaction do
          before.call
          break_connection
          Account.create!(owner: "Ada")
        end
      end
      assert_equal 0, Account.count
    end
  end

  test "failure to connect is described" do
    error = assert_raises(ActiveRecord::ConnectionNotEstablished) do
      Database::Adapter.new({ host: "127.0.0.1", port: 1, database: "bank" }).connect!
    end

    assert Database.unavailable?(error)
    assert_match(/\Aconnection to server at "127.0.0.1", port 1 failed/, Database.describe(error))
  end

  test "server that never answers is not waited for after the deadline" do
    server = TCPServer.new("127.0.0.1", 0)
    start = now

    error = Database::Deadline.within(0.3) do
      assert_raises(ActiveRecord::ConnectionNotEstablished) do
        Database::Adapter.new({ host: "localhost", port: server.addr[1], database: "bank" }).connect!
      end
    end

    assert Database.unavailable?(error)
    assert_operator now - start, :<, 1
  ensure
    server&.close
  end

  private

  def with_database_url(url, primary = nil)
    before = ENV.to_h
    ENV.update("DATABASE_URL" => url, "PRIMARY_DATABASE_URL" => primary)
    yield
  ensure
    ENV.replace(before)
  end

  def configuration(hash)
    ActiveRecord::DatabaseConfigurations.new(hash).configs_for(env_name: "test").first
  end

  def sleep_in_database(seconds)
    ActiveRecord::Base.with_connection { |connection| connection.execute("SELECT pg_sleep(#{seconds})") }
  end

  # As a server does that goes away. Active Record's raw_connection would begin the transaction.
  def break_connection
    ActiveRecord::Base.with_connection { |c| c.instance_variable_get(:@raw_connection).socket_io.shutdown }
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
