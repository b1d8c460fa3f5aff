# frozen_string_literal: true

require_relative "../bank"
require_relative "../database/pool"

module Bank
  # Keeps accounts and transfers in CockroachDB. All SQL of the domain is here.
  class Store
    ACCOUNT = "id, owner, balance, created_at"
    TRANSFER = %(id, from_account AS "from", to_account AS "to", amount, created_at)

    BEFORE_ALL = "00000000-0000-0000-0000-000000000000" # no random UUID is

    def initialize(pool)
      @pool = pool
    end

    # Up to limit accounts in the order of their ids, from behind the given one.
    def accounts(after, limit)
      rows = @pool.read do |connection|
        connection.query("SELECT #{ACCOUNT} FROM accounts WHERE id > $1 ORDER BY id LIMIT $2",
                         after || BEFORE_ALL, limit)
      end
      rows.map { |row| Account.new(**row) }
    end

    def account(id)
      account_of(id, @pool.read { |connection| connection.query("SELECT #{ACCOUNT} FROM accounts WHERE id = $1", id) })
    end

    def create_account(owner, balance)
      rows = @pool.transaction do |connection|
        connection.query("INSERT INTO accounts (owner, balance) VALUES ($1, $2) RETURNING #{ACCOUNT}", owner, balance)
      end
      Account.new(**rows.first)
    end

    def rename_account(id, owner)
      rows = @pool.transaction do |connection|
        connection.query("UPDATE accounts SET owner = $2 WHERE id = $1 RETURNING #{ACCOUNT}", id, owner)
      end
      account_of(id, rows)
    end

    def delete_account(id)
      rows = @pool.transaction do |connection|
        connection.query("DELETE FROM accounts WHERE id = $1 RETURNING #{ACCOUNT}", id)
      end
      account_of(id, rows)
    rescue PG::ForeignKeyViolation
      raise Conflict, "transfers refer to the account"
    end

    def transfer(id)
      rows = @pool.read { |connection| connection.query("SELECT #{TRANSFER} FROM transfers WHERE id = $1", id) }
      raise NotFound, "transfer #{id} does not exist" if rows.none?

      Transfer.new(**rows.first)
    end

    # Moves money, once for each key; after that it returns what was made.
    def create_transfer(order)
      @pool.transaction(idempotent: !order.key.nil?) do |connection|
        made_before(connection, order) || make(connection, order)
      end
    end

    private

    def made_before(connection, order)
      return unless order.key

      row = connection.query("SELECT #{TRANSFER} FROM transfers WHERE idempotency_key = $1", order.key).first
      return unless row

      transfer = Transfer.new(**row)
      raise KeyReused, "the Idempotency-Key was used for another transfer" unless transfer.answers?(order)

      transfer
    end

    def make(connection, order)
      lock_and_check(connection, order)
      connection.query("UPDATE accounts SET balance = balance - $2 WHERE id = $1", order.from, order.amount)
      connection.query("UPDATE accounts SET balance = balance + $2 WHERE id = $1", order.to, order.amount)
      rows = connection.query(<<~SQL, order.from, order.to, order.amount, order.key)
        INSERT INTO transfers (from_account, to_account, amount, idempotency_key)
        VALUES ($1, $2, $3, $4) RETURNING #{TRANSFER}
      SQL
      Transfer.new(**rows.first)
    end

    # Locks both accounts, in the order of their ids and in one statement, before anything is decided:
    # transactions that want the same accounts then queue instead of restarting each other.
    def lock_and_check(connection, order)
      rows = connection.query("SELECT id, balance FROM accounts WHERE id IN ($1, $2) ORDER BY id FOR UPDATE",
                              order.from, order.to)
      balances = rows.to_h { |row| row.values_at(:id, :balance) }
      from, to = [ order.from, order.to ].map do |id|
        balances[id] or raise NotFound, "account #{id} does not exist"
      end
      raise Conflict, "the sending account has too little money" if from < order.amount
      raise Conflict, "the receiving account would exceed the largest balance" if to > MAX_MONEY - order.amount
    end

    def account_of(id, rows)
      raise NotFound, "account #{id} does not exist" if rows.none?

      Account.new(**rows.first)
    end
  end
end
