# frozen_string_literal: true

namespace :db do
  # One line for a database out of reach. And Rails would make one that does not exist.
  task reachable: :load_config do
    ActiveRecord::Base.with_connection(&:verify!)
  rescue ActiveRecord::ActiveRecordError => error
    name = PG::Connection.quote_ident(ActiveRecord::Base.connection_db_config.database)
    abort "database: #{name} does not exist; make it with: CREATE DATABASE #{name};" if Database.missing?(error)
    abort "database: #{Database.describe(error)}"
  end

  task migrate: :reachable
end
