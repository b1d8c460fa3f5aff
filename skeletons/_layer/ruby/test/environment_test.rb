# frozen_string_literal: true

require "minitest/autorun"
require "tmpdir"
require_relative "../lib/environment"

class EnvironmentTest < Minitest::Test
  def test_what_is_right
    env = Environment.new({ "HOST" => "::1", "DB_POOL_MAX" => "4", "LOG_FORMAT" => "" })

    assert_equal "::1", env.host("HOST", "127.0.0.1")
    assert_equal 4, env.integer("DB_POOL_MAX", 10, 1..1000)
    assert_equal "text", env.choice("LOG_FORMAT", "text", %w[text json])
    assert_equal 8080, env.integer("PORT", 8080, 1..65_535)
    assert_empty env.errors
  end

  def test_what_is_wrong_is_named_and_never_shown
    env = Environment.new({ "HOST" => "s3cret <host>", "PORT" => "s3cret", "DB_POOL_MAX" => "0",
                            "LOG_LEVEL" => "s3cret" })
    env.host("HOST", "127.0.0.1")
    env.integer("PORT", 8080, 1..65_535)
    env.integer("DB_POOL_MAX", 10, 1..1000)
    env.choice("LOG_LEVEL", "info", %w[info error])

    assert_equal(%w[HOST PORT DB_POOL_MAX LOG_LEVEL], env.errors.map { |error| error[/\A\w+(?=: )/] })
    refute_includes env.errors.join, "s3cret"
  end

  def test_first_mistake_ends_the_process
    env = Environment.new({ "PORT" => "http", "DB_POOL_MAX" => "many" })
    env.integer("PORT", 8080, 1..65_535)
    env.integer("DB_POOL_MAX", 10, 1..1000)

    _, printed = capture_io { assert_equal 1, assert_raises(SystemExit) { env.exit_if_invalid }.status }
    assert_equal "PORT: must be a whole number from 1 to 65535\n", printed
  end

  def test_real_variables_win_over_the_file
    in_folder_with_dotenv("FROM_FILE='$HOME %40 #x'\nFROM_BOTH='file'\n") do
      ENV["FROM_BOTH"] = "real"
      env = Environment.load

      assert_equal "$HOME %40 #x", env.text("FROM_FILE")
      assert_equal "real", env.text("FROM_BOTH")
    end
  end

  def test_file_that_cannot_be_read
    in_folder_with_dotenv("export S3CRET\n") do
      errors = Environment.load.errors

      assert_equal 1, errors.size
      assert_match(/\A\.env: /, errors.first)
      refute_match(/S3CRET/, errors.first)
    end
  end

  private

  def in_folder_with_dotenv(text)
    before = ENV.to_h
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, ".env"), text)
      Dir.chdir(folder) { yield }
    end
  ensure
    ENV.replace(before)
  end
end
