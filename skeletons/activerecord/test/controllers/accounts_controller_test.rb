# frozen_string_literal: true

require "test_helper"

class AccountsControllerTest < ActionDispatch::IntegrationTest
  test "create and read" do
    send_body :post, "/accounts", '{"owner": "Ada", "balance": 1000}'
    account = response.parsed_body

    assert_response :created
    assert_equal "/accounts/#{account["id"]}", response.headers["Location"]
    assert_equal [ "Ada", 1000 ], account.values_at("owner", "balance")
    assert_match(/\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/, account["id"])
    assert_match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\z/, account["created_at"])
    [ account["id"], account["id"].upcase ].each do |id|
      get "/accounts/#{id}"
      assert_equal account, response.parsed_body
    end
  end

  test "balance defaults to zero" do
    send_body :post, "/accounts", '{"owner": "Ada"}'

    assert_equal 0, response.parsed_body["balance"]
  end

  test "rename" do
    account = Account.create!(owner: "Ada", balance: 5)

    send_body :patch, "/accounts/#{account.id}", '{"owner": "Grace"}'

    assert_response :ok
    assert_equal [ "Grace", 5 ], response.parsed_body.values_at("owner", "balance")
    assert_equal "Grace", account.reload.owner
  end

  test "rename of an unknown account" do
    send_body :patch, "/accounts/#{UNKNOWN}", '{"owner": "Grace"}'

    assert_problem 404
  end

  test "delete" do
    account = Account.create!(owner: "Ada")

    delete "/accounts/#{account.id}"
    assert_response :no_content
    delete "/accounts/#{account.id}"
    assert_problem 404
  end

  test "pages hold every account once" do
    made = Array.new(5) { |n| Account.create!(owner: n.to_s).id }
    seen = []
    after = nil
    loop do
      get "/accounts", params: { limit: 2, after: }.compact
      seen += response.parsed_body["accounts"].pluck("id")
      after = response.parsed_body["next"] or break
    end

    assert_equal made.sort, seen
  end

  test "last page that is full has no next" do
    2.times { Account.create!(owner: "Ada") }

    get "/accounts?limit=2"

    assert_equal 2, response.parsed_body["accounts"].size
    assert_nil response.parsed_body["next"]
  end

  {
    " " => "body",
    "{" => "body",
    '{"owner": "Ada"} x' => "body",
    '["Ada"]' => "body",
    '{"owner": "Ada", "balance": NaN}' => "body",
    "[" * 100_000 => "body",
    "{}" => "owner",
    '{"owner": null}' => "owner",
    '{"owner": 5}' => "owner",
    '{"owner": ""}' => "owner",
    '{"owner": " \t\u3000"}' => "owner",
    '{"owner": "A\u0000"}' => "owner",
    '{"owner": "\ud800"}' => "body",
    %({"owner": "#{"é" * 101}"}) => "owner",
    '{"owner": "Ada", "OWNER": "Ada"}' => "OWNER",
    '{"owner": "Ada", "id": "x"}' => "id",
    '{"owner": "Ada", "=": "x"}' => "=",
    '{"owner": "Ada", "balance": null}' => "balance",
    '{"owner": "Ada", "balance": true}' => "balance",
    '{"owner": "Ada", "balance": "5"}' => "balance",
    '{"owner": "Ada", "balance": 1.5}' => "balance",
    '{"owner": "Ada", "balance": -1}' => "balance",
    %({"owner": "Ada", "balance": #{"9" * 5000}}) => "balance",
    %({"owner": "Ada", "balance": #{Account::MAX_BALANCE + 1}}) => "balance"
  }.each do |body, field|
    test "invalid body #{body.truncate(60)}" do
      send_body :post, "/accounts", body

      assert_equal [ field ], assert_problem(400)["errors"].pluck("field")
      assert_equal 0, Account.count
    end
  end

  [ "é" * 100, "😀" * 100, " Ada ", "\u001c", "\u200b", "e\u0301" ].each do |owner|
    test "owner #{owner.inspect.truncate(20)} is stored as sent" do
      send_body :post, "/accounts", JSON.generate({ owner: })

      assert_response :created
      assert_equal owner, Account.find(response.parsed_body["id"]).owner
    end
  end

  %w[limit=0 limit=101 limit=x limit=5_0 limit[]=5 after=x after=].each do |query|
    test "invalid page #{query}" do
      get "/accounts?#{query}"

      assert_equal [ query[/\A\w+/] ], assert_problem(400)["errors"].pluck("field")
    end
  end

  [ UNKNOWN, "x", UNKNOWN.delete("-"), "%7B#{UNKNOWN}%7D", "#{UNKNOWN}%0A", "#{UNKNOWN}.json", "%00" ].each do |id|
    test "unknown account #{id}" do
      get "/accounts/#{id}"

      assert_problem 404
    end
  end

  [ "", "text/plain", "application/json-patch+json", "multipart/form-data; boundary=x", "application" ].each do |type|
    test "#{type.inspect} is not JSON" do
      send_body :post, "/accounts", "{", "Content-Type" => type

      assert_problem 415
    end
  end

  test "body that is too large" do
    body = '{"owner": "Ada"}'.ljust(1024 * 1024)

    send_body :post, "/accounts", body
    assert_response :created
    send_body :post, "/accounts", "#{body} "
    assert_problem 413
  end
end
