# frozen_string_literal: true

require "test_helper"

class MigrationsTest < ActiveSupport::TestCase
  self.use_transactional_tests = false

  test "each is one change of the schema, and can be undone" do
    assert_equal [ 1 ], changes(migrations.reverse, :down).uniq
    assert_equal [ 1 ], changes(migrations, :up).uniq
  end

  test "running one again changes nothing" do
    before = ApplicationRecord.descendants.map { |model| model.tap(&:reset_column_information).columns.map(&:inspect) }

    changes(migrations, :up)

    after = ApplicationRecord.descendants.map { |model| model.tap(&:reset_column_information).columns.map(&:inspect) }
    assert_equal before, after
  end

  test "they run without a timeout, and give it back" do
    ActiveRecord::Base.with_connection do |connection|
      timeout = -> { connection.select_value("SHOW statement_timeout").to_i }
      before, inside = timeout.call, nil
      migration = Class.new(ActiveRecord::Migration::Current) { define_method(:up) { inside = timeout.call } }

      migration.new.exec_migration(connection, :up)

      assert_operator before, :>, 0
      assert_equal [ 0, before ], [ inside, timeout.call ]
    end
  end

  test "a run that finds the work done by another looks again what is left" do
    context = ActiveRecord::Base.connection_pool.migration_context
    runs = 0
    context.define_singleton_method(:up) do |*|
      runs += 1
      ActiveRecord::Base.with_connection { |c| c.execute("CREATE TABLE accounts (id UUID)") } if runs == 1
      "done"
    end

    assert_equal "done", context.migrate
    assert_equal 2, runs
  end

  private

  def migrations
    ActiveRecord::Base.connection_pool.migration_context.migrations
  end

  # How many changes of the schema each makes.
  def changes(migrations, direction)
    migrations.map do |migration|
      statements = capture_sql { ActiveRecord::Migration.suppress_messages { migration.migrate(direction) } }
      statements.grep(/\A\s*(CREATE|ALTER|DROP) /).size
    end
  end

  def capture_sql(&)
    statements = []
    collect = ->(*, payload) { statements << payload[:sql] }
    ActiveSupport::Notifications.subscribed(collect, "sql.active_record", &)
    statements
  end
end
