# frozen_string_literal: true

require "dotenv"

# Reads environment variables, and .env where they are silent.
#
# A bad value is remembered, not raised: what really starts, the server and the migrations, calls
# exit_if_invalid; lint, tests and consoles do without.
class Environment
  # Real variables win over those of .env in the working directory.
  def self.load
    environment = new(ENV)
    begin
      Dotenv.load(".env")
    rescue Dotenv::FormatError, ArgumentError, SystemCallError => error
      # Not its message, which quotes the line: that may be a secret.
      environment.fail(".env", "cannot be read (#{error.class}); write NAME='value' in each line")
    end
    environment
  end

  attr_reader :errors

  def initialize(variables)
    @variables = variables
    @errors = []
  end

  def fail(name, message)
    @errors << "#{name}: #{message}"
  end

  # Ends the process with exit code 1 and one line; it names a variable, never its value.
  def exit_if_invalid
    abort @errors.first if @errors.any?
  end

  # An empty variable is one that is not set.
  def text(name, default = "")
    value = @variables[name].to_s
    value.empty? ? default : value
  end

  def choice(name, default, choices)
    value = text(name, default)
    return value if choices.include?(value)

    fail(name, "must be one of #{choices.join(", ")}")
    default
  end

  def host(name, default)
    value = text(name, default)
    return value if value.match?(/\A[A-Za-z0-9._:-]+\z/)

    fail(name, "must be a host name or an IP address")
    default
  end

  def integer(name, default, range)
    value = text(name, default.to_s)
    return value.to_i if value.match?(/\A[0-9]{1,9}\z/) && range.cover?(value.to_i)

    fail(name, "must be a whole number from #{range.begin} to #{range.end}")
    default
  end
end
