# frozen_string_literal: true

class NewTransfer < RequestBody
  fields :from, :to, :amount

  validates :from, :to, uuid: true
  validates :amount, money: { minimum: 1 }
  validate { errors.add(:to, "must not be the account it comes from") if errors.empty? && from.casecmp?(to) }
end
