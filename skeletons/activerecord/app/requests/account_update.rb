# frozen_string_literal: true

class AccountUpdate < RequestBody
  fields :owner

  validates :owner, owner: true
end
