# frozen_string_literal: true

require "api_test_case"

class AccountsTest < APITestCase
  def test_create_and_read
    created = post("/accounts", { owner: "Ada", balance: 1000 })
    account = json(created)

    assert_equal 201, created.status
    assert_equal "application/json", created.content_type
    assert_equal "/accounts/#{account["id"]}", created["Location"]
    assert_equal [ "Ada", 1000 ], account.values_at("owner", "balance")
    assert_match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\z/, account["created_at"])
    [ account["id"], account["id"].upcase ].each { |id| assert_equal account, json(get("/accounts/#{id}")) }
  end

  def test_balance_defaults_to_zero
    assert_equal 0, json(post("/accounts", { owner: "Ada" }))["balance"]
  end

  def test_rename
    path = "/accounts/#{store.create_account("Ada", 5).id}"
    renamed = patch(path, { owner: "Grace" })

    assert_equal 200, renamed.status
    assert_equal [ "Grace", 5 ], json(renamed).values_at("owner", "balance")
    assert_equal json(renamed), json(get(path))
  end

  def test_delete
    path = "/accounts/#{store.create_account("Ada", 0).id}"

    assert_equal 204, delete(path).status
    assert_problem 404, delete(path)
  end

  def test_pages_hold_every_account_once
    made = Array.new(5) { |n| store.create_account(n.to_s, 0).id }
    seen = []
    after = ""
    loop do
      page = json(get("/accounts?limit=2#{after}"))
      seen += page["accounts"].map { |account| account["id"] }
      break unless page["next"]

      after = "&after=#{page["next"]}"
    end

    assert_equal made.sort, seen
  end

  def test_last_page_that_is_full_has_no_next
    2.times { store.create_account("Ada", 0) }

    assert_nil json(get("/accounts?limit=2")).fetch("next")
  end

  {
    "" => "body",
    " " => "body",
    "{" => "body",
    '{"owner": "Ada"} x' => "body",
    '["Ada"]' => "body",
    "null" => "body",
    '{"owner": "Ada"/* x */}' => "body",
    '{"owner": "Ada", "balance": NaN}' => "body",
    "{\"owner\": \"\xFF\"}" => "body",
    "[" * 100_000 => "body",
    '{"owner": "\ud800"}' => "body",
    '{"owner": "Ada", "x\ud800": 1}' => "body",
    "{}" => "owner",
    '{"owner": null}' => "owner",
    '{"owner": 5}' => "owner",
    '{"owner": ""}' => "owner",
    '{"owner": " \t\u3000"}' => "owner",
    '{"owner": "A\u0000"}' => "owner",
    "{\"owner\": \"#{"é" * 101}\"}" => "owner",
    '{"owner": "Ada", "OWNER": "Ada"}' => "OWNER",
    '{"owner": "Ada", "id": "x"}' => "id",
    '{"owner": "Ada", "balance": null}' => "balance",
    '{"owner": "Ada", "balance": true}' => "balance",
    '{"owner": "Ada", "balance": "5"}' => "balance",
    '{"owner": "Ada", "balance": 1.5}' => "balance",
    '{"owner": "Ada", "balance": 1e999999}' => "balance",
    '{"owner": "Ada", "balance": -1}' => "balance",
    "{\"owner\": \"Ada\", \"balance\": #{"9" * 5000}}" => "balance",
    "{\"owner\": \"Ada\", \"balance\": #{Bank::MAX_MONEY + 1}}" => "balance"
  }.each_with_index do |(body, field), number|
    define_method(:"test_invalid_body_#{number}_#{field}") do
      assert_equal([ field ], assert_problem(400, post("/accounts", body))["errors"].map { |error| error["field"] })
      assert_equal 0, count("accounts")
    end
  end

  def test_owner_is_stored_as_sent
    [ "é" * 100, "😀" * 100, " Ada ", "\u001C", "\u200B", "e\u0301" ].each do |owner|
      created = post("/accounts", { owner: })

      assert_equal 201, created.status
      assert_equal owner, json(get(created["Location"]))["owner"]
    end
  end

  def test_invalid_page
    %w[limit=0 limit=101 limit=x limit=5_0 limit=%D9%A3 limit=%FF limit=%zz after=x after= after=%FF].each do |query|
      refute_empty assert_problem(400, get("/accounts?#{query}"))["errors"]
    end
  end

  def test_unknown_account
    [ UNKNOWN, "x", UNKNOWN.delete("-"), "{#{UNKNOWN}}", "#{UNKNOWN}%0A", "%00" ].each do |id|
      assert_problem 404, get("/accounts/#{id}")
    end
  end

  def test_not_json
    [ nil, "text/plain", "application/json-patch+json" ].each do |type|
      assert_problem 415, post("/accounts", "{", type:)
    end
  end

  def test_too_large
    assert_equal 201, post("/accounts", '{"owner": "Ada"}'.ljust(1024 * 1024)).status
    assert_problem 413, post("/accounts", "{".ljust((1024 * 1024) + 1))
  end
end
