# frozen_string_literal: true

class CreateAccounts < ActiveRecord::Migration[8.1]
  disable_ddl_transaction!

  def change
    create_table :accounts, id: :uuid, if_not_exists: true do |t|
      t.text :owner, null: false
      t.bigint :balance, null: false, default: 0
      t.timestamptz :created_at, null: false, default: -> { "now()" }

      t.check_constraint "balance BETWEEN 0 AND 9007199254740991", name: "accounts_balance"
    end
  end
end
