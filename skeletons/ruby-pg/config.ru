# frozen_string_literal: true

require_relative "lib/api/app"
require_relative "lib/bank/store"
require_relative "lib/database/pool"
require_relative "lib/settings"

settings = Settings.current
pool = Database::Pool.new(settings.database, size: settings.pool_max, max_retries: settings.max_retries)
at_exit { pool.close }

run API::App.build(Bank::Store.new(pool), log: settings.log) { pool.ping }
