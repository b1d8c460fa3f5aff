# frozen_string_literal: true

require "active_record"
require "activerecord-cockroachdb-adapter"
require_relative "database/active_record_errors"
require_relative "database/active_record_url"
require_relative "database/deadline"
require_relative "database/errors"
require_relative "database/migrations"
require_relative "database/pool"
require_relative "database/retry"
require_relative "database/transaction"

# The database layer: URL, connections, deadlines, the retry loop, migrations. It knows neither the
# configuration, nor HTTP, nor the domain.
module Database
  # The adapter that config/database.yml names: that of CockroachDB, made to keep deadlines.
  ActiveRecord::ConnectionAdapters.register(
    "cockroachdb", "Database::Adapter", File.expand_path("database/adapter.rb", __dir__)
  )
end
