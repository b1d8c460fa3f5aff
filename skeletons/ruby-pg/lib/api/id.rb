# frozen_string_literal: true

module API
  # UUIDs as this API reads them: 8-4-4-4-12 hexadecimal digits in any case, and nothing else.
  module ID
    PATTERN = /(\h{8}-\h{4}-\h{4}-\h{4}-\h{12})/
    WHOLE = /\A#{PATTERN}\z/
    private_constant :WHOLE

    # In lower case; nil if the text is none.
    def self.read(text)
      text.downcase if text.valid_encoding? && text.match?(WHOLE)
    end
  end
end
