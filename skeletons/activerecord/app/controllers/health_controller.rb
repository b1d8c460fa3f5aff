# frozen_string_literal: true

class HealthController < ApplicationController
  PROBE = Probe.new { ActiveRecord::Base.with_connection { |connection| connection.select_value("SELECT 1") } }

  # The process answers. It never touches the database.
  def alive
    render json: { status: "ok" }
  end

  # The database answers too.
  def ready
    PROBE.check
    render json: { status: "ready" }
  end
end
