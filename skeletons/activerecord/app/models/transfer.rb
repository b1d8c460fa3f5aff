# frozen_string_literal: true

class Transfer < ApplicationRecord
  belongs_to :sender, class_name: "Account", foreign_key: :from_account, inverse_of: :sent_transfers
  belongs_to :receiver, class_name: "Account", foreign_key: :to_account, inverse_of: :received_transfers

  # Moves the money and returns the transfer, or the one already made with this key. Runs inside of
  # Database.transaction, possibly more than once. Raises Problem: 422, 404 or 409.
  def self.make(from_account:, to_account:, amount:, idempotency_key: nil)
    wanted = new(from_account:, to_account:, amount:, idempotency_key:)
    if idempotency_key && (made = find_by(idempotency_key:))
      return made if made.same?(wanted)

      raise Problem.new(422, "the Idempotency-Key was used for another transfer")
    end

    sender, receiver = lock_accounts(wanted.from_account, wanted.to_account)
    raise Problem.new(409, "the account does not have that much") if sender.balance < amount
    if receiver.balance + amount > Account::MAX_BALANCE
      raise Problem.new(409, "the receiving account would hold too much")
    end

    sender.update!(balance: sender.balance - amount)
    receiver.update!(balance: receiver.balance + amount)
    create!(sender:, receiver:, amount:, idempotency_key:)
  end

  # Both rows in one statement and always in the order of their ids: two transfers wait for each other
  # instead of failing with 40001.
  def self.lock_accounts(*ids)
    locked = Account.lock.where(id: ids).order(:id).index_by(&:id)
    ids.map { |id| locked[id] or raise Problem.new(404, "there is no such account") }
  end
  private_class_method :lock_accounts

  def same?(other)
    [ from_account, to_account, amount ] == [ other.from_account, other.to_account, other.amount ]
  end

  def as_json(*)
    { id:, from: from_account, to: to_account, amount:, created_at: created_at.utc.iso8601(6) }
  end
end
