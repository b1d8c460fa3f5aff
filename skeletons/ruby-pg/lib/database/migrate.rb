# frozen_string_literal: true

require_relative "connection"

module Database
  # Runs the files of migrations/ that have not been run, in the order of their names.
  module Migrate
    FOLDER = File.expand_path("../../migrations", __dir__)

    CREATE_VERSIONS = <<~SQL
      CREATE TABLE IF NOT EXISTS schema_migrations (
          version    TEXT PRIMARY KEY,
          applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
      )
    SQL

    class Failed < StandardError; end

    # Yields the names of those it has run.
    #
    # A file holds one statement and runs outside any transaction, as CockroachDB's schema changes do
    # anyway. Its name is recorded after it succeeded, so a run that broke in between runs it again: a
    # statement must be written so that this is harmless.
    #
    # There is no lock, because CockroachDB has no advisory locks: run it from one place.
    def self.run(parameters, folder: FOLDER)
      connection = connect(parameters)
      done = versions(connection)
      Dir[File.join(folder, "*.sql")].each do |file|
        version = File.basename(file, ".sql")
        next if done.include?(version)

        run_file(connection, file)
        connection.query("INSERT INTO schema_migrations (version) VALUES ($1) ON CONFLICT DO NOTHING", version)
        yield version if block_given?
      end
    rescue PG::Error, Unavailable => error
      raise Failed, Database.describe(error)
    ensure
      connection&.close
    end

    def self.connect(parameters)
      # A schema change takes as long as the table is large. The last setting of a name wins.
      connection = Connection.new(parameters.merge(options: "#{parameters[:options]} -c statement_timeout=0"))
      connection.ready
      connection
    rescue PG::Error, Unavailable => error
      reason = Database.describe(error)
      raise Failed, reason unless reason.match?(/database ".*" does not exist/)

      name = PG::Connection.quote_ident(parameters.fetch(:dbname))
      raise Failed, "database #{name} does not exist; make it with: CREATE DATABASE #{name};"
    end
    private_class_method :connect

    def self.versions(connection)
      connection.query(CREATE_VERSIONS)
      connection.query("SELECT version FROM schema_migrations").column_values(0)
    end
    private_class_method :versions

    # A second statement in the file is refused, because what is sent is always one.
    def self.run_file(connection, file)
      connection.query(File.read(file, encoding: Encoding::UTF_8))
    rescue PG::Error, Unavailable => error
      raise Failed, "#{File.basename(file)}: #{Database.describe(error)}"
    end
    private_class_method :run_file
  end
end
