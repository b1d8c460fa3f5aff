# frozen_string_literal: true

require "minitest/autorun"
require "tmpdir"
require_relative "../lib/settings"

class SettingsTest < Minitest::Test
  URL = "postgresql://ada:s3cret@db.example.com:26257/bank?sslmode=verify-full&sslrootcert=/ca.crt"

  def test_defaults
    settings = load("DATABASE_URL" => URL)

    assert_equal "db.example.com", settings.database[:host]
    assert_equal Settings::APPLICATION_NAME, settings.database[:application_name]
    assert_equal({ host: "127.0.0.1", port: 8080, pool_max: 10, max_retries: 10 },
                 settings.to_h.except(:database, :log))
    assert_equal Logger::INFO, settings.log.level
  end

  def test_mistake_ends_the_process
    {
      {} => "DATABASE_URL: not set",
      { "DATABASE_URL" => URL.sub("ada", "<username>") } => "DATABASE_URL: still holds a <placeholder>",
      { "DATABASE_URL" => URL, "PORT" => "http" } => "PORT: "
    }.each do |variables, line|
      _, printed = capture_io { assert_equal 1, assert_raises(SystemExit) { load(variables) }.status }

      assert_equal 1, printed.lines.size
      assert_operator printed, :start_with?, line
      refute_includes printed, "s3cret"
    end
  end

  private

  # Away from the environment and the .env of whoever runs this.
  def load(variables)
    before = ENV.to_h
    ENV.replace(variables)
    Dir.mktmpdir { |folder| Dir.chdir(folder) { Settings.load } }
  ensure
    ENV.replace(before)
  end
end
