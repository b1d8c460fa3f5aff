# frozen_string_literal: true

# A name that is stored as it was sent.
class OwnerValidator < ActiveModel::EachValidator
  MAX = 100

  def validate_each(record, attribute, value)
    if !value.is_a?(String)
      record.errors.add(attribute, "must be a string")
    elsif value.blank? # Unicode's white space, which is more than String#strip knows
      record.errors.add(attribute, "must not be blank")
    elsif value.length > MAX
      record.errors.add(attribute, "must have at most #{MAX} characters")
    elsif value.include?("\0") # CockroachDB stores it
      record.errors.add(attribute, "must not contain NUL")
    end
  end
end
