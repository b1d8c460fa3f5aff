# frozen_string_literal: true

require "api_test_case"

class TransfersTest < APITestCase
  def account(balance = 0)
    store.create_account("Ada", balance).id
  end

  def balance(id)
    store.account(id).balance
  end

  def send_money(from, to, amount, key: nil)
    post("/transfers", { from:, to:, amount: }, **{ HTTP_IDEMPOTENCY_KEY: key }.compact)
  end

  def test_moves_money
    from, to = account(100), account(1)
    made = send_money(from, to.upcase, 30)
    transfer = json(made)

    assert_equal 201, made.status
    assert_equal "/transfers/#{transfer["id"]}", made["Location"]
    assert_equal [ from, to, 30 ], transfer.values_at("from", "to", "amount")
    assert_equal [ 70, 31 ], [ balance(from), balance(to) ]
    assert_equal transfer, json(get(made["Location"]))
  end

  def test_refusals_move_nothing
    from, to, full = account(100), account, account(Bank::MAX_MONEY)

    assert_problem 409, send_money(from, to, 101)
    assert_problem 409, send_money(from, full, 1)
    assert_problem 404, send_money(from, UNKNOWN, 1)
    assert_problem 404, send_money(UNKNOWN, to, 1)
    assert_problem 400, send_money(from, from.upcase, 1)
    assert_problem 400, send_money(from, to, 0)
    assert_problem 400, send_money(from, "nobody", 1)
    assert_problem 400, send_money(from, to, 1, key: "two words")
    assert_problem 400, send_money(from, to, 1, key: "")
    assert_problem 400, send_money(from, to, 1, key: "k" * 256)

    assert_equal([ 100, 0, Bank::MAX_MONEY ], [ from, to, full ].map { |id| balance(id) })
    assert_equal 0, count("transfers")
  end

  def test_everything_that_is_wrong_is_named
    problem = assert_problem 400, post("/transfers", { from: 5, amount: 1.5, note: "x" }, HTTP_IDEMPOTENCY_KEY: "é")

    assert_equal(%w[Idempotency-Key amount from note to], problem["errors"].map { |error| error["field"] }.sort)
  end

  def test_account_with_transfers_cannot_be_deleted
    from, to = account(1), account
    send_money(from, to, 1)

    assert_problem 409, delete("/accounts/#{from}")
    assert_problem 409, delete("/accounts/#{to}")
  end

  def test_same_key_moves_money_once
    from, to = account(100), account
    first, again = Array.new(2) { send_money(from, to, 30, key: "k") }

    assert_equal [ 201, 201 ], [ first.status, again.status ]
    assert_equal first.body, again.body
    assert_equal 70, balance(from)
  end

  def test_same_key_for_another_transfer
    from, to = account(100), account
    send_money(from, to, 30, key: "k")

    assert_problem 422, send_money(from, to, 31, key: "k")
    assert_problem 422, send_money(to, from, 30, key: "k")
  end

  def test_refused_transfer_does_not_use_its_key_up
    from, to = account(1), account

    assert_problem 409, send_money(from, to, 2, key: "k")
    assert_equal 201, send_money(from, to, 1, key: "k").status
  end

  def test_race_for_one_key
    from, to = account(100), account
    answers = at_once(8) { send_money(from, to, 1, key: "k") }

    assert_equal [ 201 ], answers.map(&:status).uniq
    assert_equal 1, answers.map(&:body).uniq.size
    assert_equal [ 99, 1 ], [ balance(from), balance(to) ]
  end

  def test_many_at_once_keep_the_sum
    accounts = Array.new(5) { account(100) }
    answers = at_once(8) { Array.new(8) { send_money(*accounts.sample(2), rand(1..80)).status } }.flatten
    balances = accounts.map { |id| balance(id) }

    assert_empty answers - [ 201, 409 ]
    assert_equal answers.count(201), count("transfers")
    assert_equal 500, balances.sum
    assert_operator balances.min, :>=, 0
  end

  private

  def at_once(number, &block)
    Array.new(number) { Thread.new(&block) }.map(&:value)
  end
end
