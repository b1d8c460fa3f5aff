# frozen_string_literal: true

require "active_record"
require_relative "errors"
require_relative "retry"

module Database
  MAX_RETRIES = 10 # where config/database.yml has no max_retries

  # The one way to write: runs the block in a transaction of its own and returns its result.
  #
  # The block may run several times, so it does nothing but SQL, makes its records anew, and lets
  # database errors pass. idempotent is explained at Retry.run. Raises OutcomeUnknown, Unavailable and
  # what the block raises.
  def self.transaction(idempotent: false, &block)
    if ActiveRecord::Base.current_transaction.open?
      raise ArgumentError, "a transaction is open already; running this one again would not begin that anew"
    end

    max_retries = ActiveRecord::Base.connection_db_config.configuration_hash.fetch(:max_retries, MAX_RETRIES)
    Retry.run(max_retries:, idempotent:) do
      ActiveRecord::Base.transaction(&block)
    rescue Adapter::CommitUnknown
      raise OutcomeUnknown
    end
  end
end
