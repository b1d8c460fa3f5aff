# frozen_string_literal: true

require "pg"

module Database
  # No connection, a broken one, a deadline, too much contention: later it may work. Nothing was
  # written. The driver's error is the cause.
  class Unavailable < StandardError; end

  # The transaction may have been committed or not.
  class OutcomeUnknown < StandardError; end

  HINTS = {
    "certificate verify failed" => "the server's certificate is not trusted or expired",
    "does not match host name" => "the server's certificate is for another host"
  }.freeze
  private_constant :HINTS

  # The SQLSTATE of an error or of one that it was raised for; nil where the server sent none: the
  # connection failed or broke.
  def self.sqlstate(error)
    causes(error).grep(PG::Error).each do |cause|
      state = cause.result&.error_field(PG::Result::PG_DIAG_SQLSTATE) || PG::ERROR_CLASSES.key(cause.class)
      return state if state
    end
    nil
  end

  # Whether the database, or the way to it, is at fault.
  def self.error?(error)
    causes(error).any? { |cause| [ PG::Error, Unavailable, OutcomeUnknown ].any? { |kind| cause.is_a?(kind) } }
  end

  # The innermost cause on one line, for the log.
  def self.describe(error)
    cause = causes(error).to_a.last
    text = cause.message.dup.force_encoding(Encoding::UTF_8).scrub.split.join(" ")
    text = cause.class.name if text.empty?
    hint = HINTS.find { |part, _| text.include?(part) }&.last
    hint ? "#{hint}: #{text}" : text
  end

  def self.causes(error)
    Enumerator.produce(error) { |one| one.cause || raise(StopIteration) }
  end
  private_class_method :causes
end
