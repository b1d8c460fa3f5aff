# frozen_string_literal: true

require "active_record"
require_relative "errors"

module Database
  # Classes of SQLSTATE that are not the statement's fault: connection, authorization, catalog name,
  # rollback, resources, state of an object, intervention, system.
  OUTAGES = %w[08 28 3D 40 53 55 57 58].freeze
  private_constant :OUTAGES

  # Whether Active Record's error means that later it may work.
  def self.unavailable?(error)
    return true if error.is_a?(Unavailable)
    return false unless error.is_a?(ActiveRecord::ActiveRecordError)

    state = sqlstate(error)
    return OUTAGES.include?(state[0, 2]) if state

    [ ActiveRecord::ConnectionNotEstablished, ActiveRecord::ConnectionFailed ].any? { |kind| error.is_a?(kind) }
  end

  # Whether it means that there is no such database. One that is refused at the door has no SQLSTATE.
  def self.missing?(error)
    sqlstate(error) == "3D000" || describe(error).match?(/database ".*" does not exist/)
  end
end
