# frozen_string_literal: true

require "test_helper"
require "tmpdir"

class MigrateTest < DatabaseTest
  def migrate(folder: Database::Migrate::FOLDER, **parameters)
    ran = []
    Database::Migrate.run(TestDatabase.parameters.merge(parameters), folder:) { |version| ran << version }
    ran
  end

  def in_folder_with(name, text)
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, name), text)
      yield folder
    end
  end

  def forget(version)
    pool.transaction { |connection| connection.query("DELETE FROM schema_migrations WHERE version = $1", version) }
  end

  def test_twice_changes_nothing
    assert_empty migrate
    assert_equal Dir[File.join(Database::Migrate::FOLDER, "*.sql")].size, count("schema_migrations")
  end

  def test_one_that_broke_after_it_ran_is_run_again
    forget("0003_index_transfers_from_account")

    assert_equal [ "0003_index_transfers_from_account" ], migrate
  end

  def test_second_statement_in_a_file_is_refused
    in_folder_with("0000_two.sql", "SELECT 1;\nCREATE TABLE two (id INT8);\n") do |folder|
      2.times do # the first run must not have recorded it
        error = assert_raises(Database::Migrate::Failed) { migrate(folder:) }
        assert_match(/\A0000_two\.sql: /, error.message)
      end
    end
  end

  def test_what_only_looks_like_a_second_statement
    in_folder_with("0000_semicolons.sql", "-- one; two\nSELECT ';', '100%' /* ; é */ ;\n") do |folder|
      assert_equal [ "0000_semicolons" ], migrate(folder:)
    end
  ensure
    forget("0000_semicolons")
  end

  def test_database_that_does_not_exist
    error = assert_raises(Database::Migrate::Failed) { migrate(dbname: "nowhere") }

    assert_includes error.message, %(CREATE DATABASE "nowhere")
  end
end
