# frozen_string_literal: true

class IndexTransfersOnToAccount < ActiveRecord::Migration[8.1]
  disable_ddl_transaction!

  def change
    add_index :transfers, :to_account, if_not_exists: true
  end
end
