# frozen_string_literal: true

# The sample domain: accounts, and transfers of money between them. Nothing else depends on it but the
# API, so the two can be deleted together.
module Bank
  # The largest balance and amount, in minor units: the largest integer that every JSON reader keeps.
  MAX_MONEY = (2**53) - 1

  # Ids are UUIDs in lower case.
  Account = Data.define(:id, :owner, :balance, :created_at)

  # Money that has moved; it is never changed or deleted.
  Transfer = Data.define(:id, :from, :to, :amount, :created_at) do
    def answers?(order)
      [ from, to, amount ] == [ order.from, order.to, order.amount ]
    end
  end

  # Asks for a transfer. Orders with the same key, if it is not nil, move money once.
  Order = Data.define(:from, :to, :amount, :key)

  class NotFound < StandardError; end
  class Conflict < StandardError; end
  class KeyReused < StandardError; end
end
