# frozen_string_literal: true

ENV["RAILS_ENV"] ||= "test"
abort "RAILS_ENV: tests change the database, so it must be test" unless ENV["RAILS_ENV"] == "test"
require_relative "../config/environment"
require "rails/test_help"

# The tests' database is made and migrated by whoever runs them.
begin
  ActiveRecord::Base.with_connection(&:verify!)
rescue ActiveRecord::NoDatabaseError
  ActiveRecord::Tasks::DatabaseTasks.create_current
rescue ActiveRecord::ActiveRecordError => error
  abort "no node for the tests: docker compose up -d cockroach (#{Database.describe(error)})"
end
ActiveRecord::Migration.suppress_messages { ActiveRecord::Base.connection_pool.migration_context.migrate }

module ActiveSupport
  class TestCase
    UNKNOWN = "00000000-0000-4000-8000-000000000000"

    # For tests without a transaction around them.
    def delete_everything
      Transfer.delete_all
      Account.delete_all
    end
  end
end

module ActionDispatch
  class IntegrationTest
    # Sends a body as it stands.
    def send_body(method, path, body, headers = {})
      process(method, path, params: body, headers: { "Content-Type" => "application/json" }.merge(headers))
    end

    def assert_problem(status)
      assert_response status
      assert_equal "application/problem+json", response.media_type
      problem = response.parsed_body
      assert_equal status, problem["status"]
      assert_predicate problem["title"], :present?
      problem
    end
  end
end
