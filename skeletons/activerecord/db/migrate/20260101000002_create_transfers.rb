# frozen_string_literal: true

class CreateTransfers < ActiveRecord::Migration[8.1]
  disable_ddl_transaction!

  def change
    create_table :transfers, id: :uuid, if_not_exists: true do |t|
      t.uuid :from_account, null: false
      t.uuid :to_account, null: false
      t.bigint :amount, null: false
      t.text :idempotency_key
      t.timestamptz :created_at, null: false, default: -> { "now()" }

      t.foreign_key :accounts, column: :from_account, name: "transfers_from_account_fkey"
      t.foreign_key :accounts, column: :to_account, name: "transfers_to_account_fkey"
      t.check_constraint "amount > 0", name: "transfers_amount"
    end
  end
end
