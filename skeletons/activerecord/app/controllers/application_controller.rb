# frozen_string_literal: true

class ApplicationController < ActionController::API
  private

  # Bodies are RequestBody's to read. Rails would look for parameters in them: in forms too, whatever
  # their size, and before an action can refuse them.
  def process_action(*)
    request.request_parameters = {}
    super
  end

  # Nor would it do with a Content-Type that it cannot read.
  def _wrapper_enabled?
    false
  end
end
