# frozen_string_literal: true

class IndexTransfersOnIdempotencyKey < ActiveRecord::Migration[8.1]
  disable_ddl_transaction!

  def change
    add_index :transfers, :idempotency_key, unique: true, if_not_exists: true
  end
end
