# frozen_string_literal: true

class Account < ApplicationRecord
  # In minor units: the largest integer that every JSON reader keeps exactly.
  MAX_BALANCE = 9_007_199_254_740_991

  # Without dependent: the foreign key refuses to delete an account that is referred to.
  has_many :sent_transfers, class_name: "Transfer", foreign_key: :from_account, inverse_of: :sender
  has_many :received_transfers, class_name: "Transfer", foreign_key: :to_account, inverse_of: :receiver

  def as_json(*)
    { id:, owner:, balance:, created_at: created_at.utc.iso8601(6) }
  end
end
