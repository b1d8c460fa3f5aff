# frozen_string_literal: true

# A whole number of minor units.
class MoneyValidator < ActiveModel::EachValidator
  def validate_each(record, attribute, value)
    range = options.fetch(:minimum)..Account::MAX_BALANCE
    return if value.is_a?(Integer) && range.cover?(value)

    record.errors.add(attribute, "must be an integer from #{range.begin} to #{range.end}")
  end
end
