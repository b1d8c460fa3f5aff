# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/log_format"

class LogFormatTest < Minitest::Test
  def test_text
    line = format(LogFormat::Text.new, { message: "request", path: "/accounts", status: 200, ms: 1.5, error: nil })

    assert_equal "time=2026-11-24T10:00:00.000Z level=info message=request path=/accounts status=200 ms=1.5\n", line
  end

  def test_json
    line = format(LogFormat::Json.new, { message: "request", status: 200 })

    assert_equal({ "time" => "2026-11-24T10:00:00.000Z", "level" => "info", "message" => "request", "status" => 200 },
                 JSON.parse(line))
  end

  def test_message_alone
    assert_match(/ message="the schema is up to date"\n\z/, format(LogFormat::Text.new, "the schema is up to date"))
  end

  def test_event_is_one_line_of_utf8
    [ LogFormat::Text.new, LogFormat::Json.new ].each do |formatter|
      line = format(formatter, { message: "a\nb", path: "/\xFF", error: "\u00e9\r\nc".b, stack: raised })

      assert_predicate line, :valid_encoding?
      assert_equal 1, line.lines.size
      assert_includes line, "é"
      assert_includes line, "what happened"
    end
  end

  private

  def format(formatter, event)
    formatter.call("INFO", Time.utc(2026, 11, 24, 10), nil, event)
  end

  def raised
    raise "what happened"
  rescue RuntimeError => error
    error
  end
end
