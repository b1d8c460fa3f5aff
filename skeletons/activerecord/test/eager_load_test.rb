# frozen_string_literal: true

require "test_helper"

class EagerLoadTest < ActiveSupport::TestCase
  test "everything that production loads can be loaded" do
    assert_nothing_raised { Rails.application.eager_load! }
  end
end
