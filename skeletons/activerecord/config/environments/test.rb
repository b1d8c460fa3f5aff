# frozen_string_literal: true

Rails.application.configure do
  # Settings specified here will take precedence over those in config/application.rb.

  # While tests run files are not watched, reloading is not necessary.
  config.enable_reloading = false

  # A test loads everything; to run a single one does not need to.
  config.eager_load = false

  # The host that integration tests ask by default.
  config.hosts << "www.example.com"

  # Errors are answered as in production.
  config.consider_all_requests_local = false

  # Nothing here signs or encrypts: a key that ends with the process will do.
  config.secret_key_base = SecureRandom.hex(64)

  # Print deprecation notices to the stderr.
  config.active_support.deprecation = :stderr

  # Raise error when a before_action's only/except options reference missing actions.
  config.action_controller.raise_on_missing_callback_actions = true
end
