# frozen_string_literal: true

Rails.application.routes.draw do
  # In development Rails would put its welcome page here.
  match "/", to: ->(_env) { raise ActionController::RoutingError, "no route" }, via: :all

  scope format: false do
    get "healthz", to: "health#alive"
    get "readyz", to: "health#ready"

    # An id that is not a UUID is a path that does not exist.
    constraints id: /\h{8}-\h{4}-\h{4}-\h{4}-\h{12}/ do
      resources :accounts, only: %i[ index create show destroy ] do
        patch "/", action: :update, on: :member # alone: resources would add PUT
      end
      resources :transfers, only: %i[ create show ]
    end
  end
end
