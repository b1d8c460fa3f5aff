# frozen_string_literal: true

require "test_helper"

class TransfersControllerTest < ActionDispatch::IntegrationTest
  # Not in a transaction of the test's own: conflicts are between outermost ones.
  self.use_transactional_tests = false
  teardown :delete_everything

  test "moves money" do
    sender, receiver = account(100), account(1)

    send_transfer sender.id, receiver.id.upcase, 30
    transfer = response.parsed_body

    assert_response :created
    assert_equal "/transfers/#{transfer["id"]}", response.headers["Location"]
    assert_equal [ sender.id, receiver.id, 30 ], transfer.values_at("from", "to", "amount")
    assert_equal [ 70, 31 ], balances(sender, receiver)
    get response.headers["Location"]
    assert_equal transfer, response.parsed_body
  end

  test "refusals move nothing" do
    sender, receiver, full = account(100), account(0), account(Account::MAX_BALANCE)

    [
      [ 409, sender.id, receiver.id, 101 ],
      [ 409, sender.id, full.id, 1 ],
      [ 404, sender.id, UNKNOWN, 1 ],
      [ 404, UNKNOWN, receiver.id, 1 ],
      [ 400, sender.id, sender.id.upcase, 1 ],
      [ 400, sender.id, receiver.id, 0 ],
      [ 400, sender.id, receiver.id, "1" ],
      [ 400, sender.id, "nobody", 1 ],
      [ 400, sender.id, receiver.id, 1, "two words" ],
      [ 400, sender.id, receiver.id, 1, "k" * 256 ]
    ].each do |status, *transfer|
      send_transfer(*transfer)
      assert_problem status
    end
    assert_equal [ 100, 0, Account::MAX_BALANCE ], balances(sender, receiver, full)
    assert_equal 0, Transfer.count
  end

  test "unknown transfer" do
    get "/transfers/#{UNKNOWN}"

    assert_problem 404
  end

  test "account with transfers cannot be deleted" do
    sender, receiver = account(1), account(0)
    send_transfer sender.id, receiver.id, 1

    [ sender, receiver ].each do |account|
      delete "/accounts/#{account.id}"
      assert_problem 409
    end
  end

  test "same key moves money once" do
    sender, receiver = account(100), account(0)

    answers = Array.new(2) { send_transfer(sender.id, receiver.id, 30, "k") && response.parsed_body }

    assert_response :created
    assert_equal answers.first, answers.last
    assert_equal 70, sender.reload.balance
  end

  test "same key for another transfer" do
    sender, receiver = account(100), account(0)
    send_transfer sender.id, receiver.id, 30, "k"

    send_transfer sender.id, receiver.id, 31, "k"
    assert_problem 422
    send_transfer receiver.id, sender.id, 30, "k"
    assert_problem 422
  end

  test "refused transfer does not use its key up" do
    sender, receiver = account(1), account(0)

    send_transfer sender.id, receiver.id, 2, "k"
    assert_problem 409
    send_transfer sender.id, receiver.id, 1, "k"
    assert_response :created
  end

  test "both accounts are locked in one statement, in the order of their ids" do
    sender, receiver = account(1), account(0)

    assert_queries_match(/WHERE "accounts"."id" IN .* ORDER BY "accounts"."id" ASC FOR UPDATE/, count: 1) do
      send_transfer sender.id, receiver.id, 1
    end
  end

  test "race for one key" do
    sender, receiver = account(100), account(0)

    made = together(8) { Database.transaction(idempotent: true) { transfer(sender, receiver, 1, "k") }.as_json }

    assert_equal 1, made.uniq.size
    assert_equal [ 99, 1 ], balances(sender, receiver)
  end

  test "many at once keep the sum" do
    accounts = Array.new(5) { account(100) }

    made = together(60) do |n|
      random = Random.new(n)
      sender, receiver = accounts.sample(2, random:)
      Database.transaction { transfer(sender, receiver, random.rand(1..80)) }
    rescue Problem => error
      raise unless error.status == 409
    end

    assert_equal Transfer.count, made.compact.size
    assert_equal 500, Account.sum(:balance)
    assert_equal 0, Account.where("balance < 0").count
  end

  private

  def account(balance)
    Account.create!(owner: "Ada", balance:)
  end

  def balances(*accounts)
    accounts.map { |account| account.reload.balance }
  end

  def send_transfer(from, to, amount, key = nil)
    send_body :post, "/transfers", JSON.generate({ from:, to:, amount: }), { "Idempotency-Key" => key }.compact
  end

  def transfer(sender, receiver, amount, key = nil)
    Transfer.make(from_account: sender.id, to_account: receiver.id, amount:, idempotency_key: key)
  end

  # In threads of their own, fewer than there are connections.
  def together(times)
    numbers = Queue.new(0...times).close
    threads = Array.new(8) do
      Thread.new do
        results = []
        while (number = numbers.pop)
          results << yield(number)
        end
        results
      end
    end
    threads.flat_map(&:value)
  end
end
