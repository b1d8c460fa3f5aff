# frozen_string_literal: true

class NewAccount < RequestBody
  fields :owner, balance: 0

  validates :owner, owner: true
  validates :balance, money: { minimum: 0 }
end
