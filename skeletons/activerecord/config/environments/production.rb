# frozen_string_literal: true

Rails.application.configure do
  # Settings specified here will take precedence over those in config/application.rb.

  # Code is not reloaded between requests.
  config.enable_reloading = false

  # Eager load code on boot for better performance and memory savings (ignored by Rake tasks).
  config.eager_load = true

  # Full error reports are disabled.
  config.consider_all_requests_local = false

  config.logger = LogFormat.logger(level: Settings::LOG_LEVEL, format: Settings::LOG_FORMAT)

  # Don't log any deprecations.
  config.active_support.report_deprecations = false

  # Only use :id for inspections in production.
  config.active_record.attributes_for_inspect = [ :id ]
end
