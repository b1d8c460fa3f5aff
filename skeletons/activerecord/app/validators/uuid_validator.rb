# frozen_string_literal: true

# 8-4-4-4-12 hexadecimal digits, in any case, and nothing else. Active Record's own type also reads
# braces and digits without hyphens.
class UuidValidator < ActiveModel::EachValidator
  FORMAT = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/

  def self.valid?(value)
    value.is_a?(String) && value.match?(FORMAT)
  end

  def validate_each(record, attribute, value)
    record.errors.add(attribute, "must be a UUID") unless self.class.valid?(value)
  end
end
