# frozen_string_literal: true

require_relative "database/deadline"
require_relative "database/errors"

# Asks the database one question at a time, however many ask the probe: a database that hangs must not
# be met by a queue of questions.
class Probe
  # Both below the 2 s that are promised; the question ends first, because it knows the reason.
  WAIT = 1.9
  QUESTION = 1.7

  def initialize(&ping)
    @ping = ping
    @mutex = Mutex.new
  end

  # Raises Database::Unavailable, whatever kept the database from answering.
  def check
    question = @mutex.synchronize { @question&.alive? ? @question : (@question = ask) }
    question.join(WAIT) or raise Database::Unavailable, "no answer in time"
  rescue StandardError => error
    raise Database::Unavailable, error.message
  end

  private

  def ask
    thread = Thread.new { Database::Deadline.within(QUESTION) { @ping.call } }
    thread.report_on_exception = false # join raises it
    thread
  end
end
