# frozen_string_literal: true

require "test_helper"

class ActiveRecordUrlTest < ActiveSupport::TestCase
  test "Active Record reads what libpq reads" do
    {
      "postgresql://ada:p%40ss%2Fw%C3%B6rd%25+@db.example.com:26257/my%20bank?sslmode=verify-full" =>
        { username: "ada", password: "p@ss/wörd%+", host: "db.example.com", port: "26257", database: "my bank" },
      "postgresql://root@my_node:1,other_node:2/bank?sslmode=disable" =>
        { username: "root", host: "my_node,other_node", port: "1,2", database: "bank", sslmode: "disable" },
      "postgres://root@[::1]/bank#1?sslmode=disable" => { host: "::1", database: "bank#1", sslmode: "disable" },
      "postgresql://root@localhost/bank?ssl%6Dode=disable" => { host: "localhost", sslmode: "disable" },
      "postgresql://ada@h/bank?sslmode=verify-full&sslrootcert=/a%20b.crt&options=--cluster%3Dfunny-skunk-123" =>
        { sslrootcert: "/a b.crt", options: "-c statement_timeout=10000 --cluster=funny-skunk-123" }
    }.each do |url, expected|
      assert_equal expected, read(url).slice(*expected.keys), url
    end
  end

  test "the adapter is CockroachDB's, and the connection has limits and a name" do
    config = read("postgresql://root@localhost/bank?sslmode=disable")

    assert_equal [ "cockroachdb", "app", "3" ], config.values_at(:adapter, :application_name, :connect_timeout)
  end

  test "what is not a URL is refused" do
    assert_raises(Database::Url::Invalid) { read("postgresql://ada@db.example.com/bank") }
  end

  private

  def read(url)
    url = Database::ActiveRecordUrl.from(url, application_name: "app")
    ActiveRecord::DatabaseConfigurations::UrlConfig.new("test", "primary", url).configuration_hash
  end
end
