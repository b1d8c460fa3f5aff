# frozen_string_literal: true

require "minitest/autorun"
require_relative "../../lib/database/url"

class UrlTest < Minitest::Test
  def read(url)
    Database::Url.parse(url, application_name: "app")
  end

  def test_url_is_completed
    found = read("postgresql://ada:p%40ss%2Fword@db.example.com:26257/bank?sslmode=verify-full")

    assert_equal({ user: "ada", password: "p@ss/word", host: "db.example.com", port: "26257", dbname: "bank",
                   sslmode: "verify-full", application_name: "app", connect_timeout: "3",
                   options: "-c statement_timeout=10000" },
                 found.except(:sslrootcert, :sslcertmode, :keepalives_idle, :keepalives_interval, :keepalives_count))
  end

  def test_public_servers_are_trusted
    url = "postgresql://ada@db.example.com/bank?sslmode=verify-full"
    before = ENV.delete("SSL_CERT_FILE")

    assert_path_exists read(url).fetch(:sslrootcert)
    ENV["SSL_CERT_FILE"] = "/own.pem"
    assert_equal "/own.pem", read(url).fetch(:sslrootcert)
  ensure
    ENV["SSL_CERT_FILE"] = before
  end

  def test_what_the_url_says_wins
    found = read("postgresql://ada@db.example.com/bank?sslmode=verify-full&sslrootcert=/own.crt" \
                 "&sslcert=/ada.crt&sslkey=/ada.key&options=--cluster%3Dfunny-skunk-123&application_name=other")

    assert_equal "/own.crt", found[:sslrootcert]
    assert_equal "/ada.crt", found[:sslcert]
    assert_equal "other", found[:application_name]
    assert_equal "-c statement_timeout=10000 --cluster=funny-skunk-123", found[:options]
    refute_includes found, :sslcertmode
  end

  def test_near_hosts_may_do_without_tls
    %w[localhost 127.0.0.1 [::1] cockroach].each do |host|
      found = read("postgresql://root@#{host}:26257/bank?sslmode=disable")

      assert_equal "disable", found[:sslmode]
      refute_includes found, :sslrootcert
    end
  end

  {
    "" => "not set",
    "s3cret" => "postgresql://",
    "mysql://ada:s3cret@localhost/bank" => "postgresql://",
    "POSTGRESQL://ada:s3cret@localhost/bank?sslmode=disable" => "postgresql://",
    "postgresql://<username>:s3cret@host/bank?sslmode=verify-full" => "placeholder",
    "postgresql://ada:s3cret%zz@host/bank?sslmode=verify-full" => "percent-encode",
    "postgresql://ada:s3cret\xFF@host/bank?sslmode=verify-full" => "percent-encode",
    "postgresql://ada:s3cret@s3cret@host/bank?sslmode=verify-full" => "%40",
    "postgresql://ada:1/s3cret@host/bank?sslmode=verify-full" => "%2F",
    "postgresql://ada:s3cret@host:port/bank?sslmode=verify-full" => "port",
    "postgresql://ada:s3cret@host:26257/?sslmode=verify-full" => "database",
    "postgresql:///bank?sslmode=disable" => "host",
    "postgresql://ada:s3cret@host/bank" => "sslmode",
    "postgresql://ada:s3cret@host/bank?sslmode=require" => "verify-full",
    "postgresql://ada:s3cret@db.example.com/bank?sslmode=disable" => "verify-full",
    "postgresql://ada:s3cret@[2001:db8::1]/bank?sslmode=disable" => "verify-full",
    "postgresql://localhost/bank?sslmode=disable&host=db.example.com" => "verify-full",
    "postgresql://ada@host/bank?sslmode=verify-full&s3cret=x" => "valid"
  }.each_with_index do |(url, reason), number|
    define_method(:"test_url_is_refused_#{number}_#{reason}") do
      error = assert_raises(Database::Url::Invalid) { read(url) }

      assert_includes error.message, reason
      refute_includes error.message, "s3cret"
    end
  end
end
