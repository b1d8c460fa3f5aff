# frozen_string_literal: true

require "puma"
require "puma/log_writer"

# Puma's own lines, in the form of all others and where all others go. For config/puma.rb:
#
#     custom_logger PumaLog.new(logger)
class PumaLog
  # Puma writes what goes wrong past its custom_logger; and of a request that it cannot parse, more than
  # a log should hold.
  module Errors
    class << self
      attr_accessor :log
    end

    def info(options = {})
      Errors.log&.error(options[:text], options[:error]) || super
    end
  end

  def initialize(logger)
    @logger = logger
    Errors.log = self
    Puma::ErrorLogger.prepend(Errors)
  end

  # Where it listens and that it stops is of interest, how it was started is for LOG_LEVEL=debug.
  def write(text)
    severity =
      if text.start_with?("!") then Logger::WARN
      elsif text.match?(/Listening|Stopping/) then Logger::INFO
      else Logger::DEBUG
      end
    add(severity, message: text.sub(/\A[-*!=]+ */, ""))
  end

  def error(text, error)
    parsing = error.is_a?(Puma::HttpParserError) || error.is_a?(Puma::HttpParserError501)
    add(parsing ? Logger::INFO : Logger::ERROR,
        message: text, error: error&.message&.lines&.first, stack: parsing ? nil : error)
    true
  end

  private

  # Not by the logger: some of these lines are written while a signal is handled, where its lock cannot
  # be had.
  def add(severity, event)
    return if severity < @logger.level

    $stderr.write(@logger.formatter.call(Logger::SEV_LABEL.fetch(severity), Time.now, nil, event))
  end
end
