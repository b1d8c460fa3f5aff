# frozen_string_literal: true

require "json"
require "logger"
require "time"

# One line an event, for people (text) or for machines (json): formatters for a Logger.
#
# What is logged is a message, or a hash of a :message and whatever else there is to say:
#
#     log.info(message: "request", path: "/accounts", status: 200)
module LogFormat
  LEVELS = %w[debug info warn error].freeze
  FORMATS = %w[text json].freeze

  # Level and format are one of these each.
  def self.logger(level:, format:)
    $stderr.sync = true
    Logger.new($stderr, level:, formatter: format == "json" ? Json.new : Text.new)
  end

  # In the order in which they are written. Every value fits into one line of UTF-8.
  def self.fields(severity, time, event)
    event = { message: event } unless event.is_a?(Hash)
    { time: time.utc.iso8601(3), level: severity.downcase, **event }.compact.transform_values do |value|
      case value
      when Integer, Float then value
      when Exception then line("#{value.class}: #{value.full_message(highlight: false)}")
      else line(value.to_s)
      end
    end
  end

  def self.line(text)
    text.dup.force_encoding(Encoding::UTF_8).scrub.split(/\s*\n\s*/).join(" | ")
  end

  class Json
    def call(severity, time, _program, event)
      "#{JSON.generate(LogFormat.fields(severity, time, event))}\n"
    end
  end

  class Text
    def call(severity, time, _program, event)
      pairs = LogFormat.fields(severity, time, event).map { |name, value| "#{name}=#{quote(value)}" }
      "#{pairs.join(" ")}\n"
    end

    private

    def quote(value)
      text = value.to_s
      text.match?(/\A[[:graph:]&&[^"=]]+\z/) ? text : JSON.generate(text)
    end
  end
end
