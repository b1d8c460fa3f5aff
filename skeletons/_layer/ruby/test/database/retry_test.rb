# frozen_string_literal: true

require "minitest/autorun"
require_relative "../../lib/database/retry"

class RetryTest < Minitest::Test
  CONFLICT = PG::TRSerializationFailure

  # Raises the errors that it was given, one in each run.
  class Attempt
    attr_reader :runs

    def initialize(*errors)
      @errors = errors
      @runs = 0
    end

    def call
      @runs += 1
      error = @errors.shift
      raise error if error

      "done"
    end
  end

  def run_retry(attempt, max_retries: 10, idempotent: false)
    Database::Retry.run(max_retries:, idempotent:) { attempt.call }
  end

  def test_serialization_failures_run_it_again
    attempt = Attempt.new(CONFLICT, CONFLICT)

    assert_equal "done", run_retry(attempt)
    assert_equal 3, attempt.runs
  end

  def test_serialization_failure_that_a_library_wrapped
    attempt = Attempt.new(caused_by(CONFLICT))

    assert_equal "done", run_retry(attempt)
  end

  def test_retries_are_limited
    attempt = Attempt.new(*[ CONFLICT ] * 5)

    error = assert_raises(Database::Unavailable) { run_retry(attempt, max_retries: 2) }
    assert_equal "40001", Database.sqlstate(error)
    assert_equal 3, attempt.runs
  end

  def test_retries_end_at_the_deadline
    attempt = Attempt.new(*[ CONFLICT ] * 1000)
    start = now

    Database::Deadline.within(0.3) do
      assert_raises(Database::Unavailable) { run_retry(attempt, max_retries: 1000) }
    end
    assert_operator now - start, :<, 1
    assert_includes 1...1000, attempt.runs
  end

  def test_other_errors_are_not_retried
    [ PG::CheckViolation, Database::Unavailable, caused_by(PG::ConnectionBad), ArgumentError ].each do |error|
      attempt = Attempt.new(error)

      assert_raises(error.is_a?(Class) ? error : error.class) { run_retry(attempt, idempotent: true) }
      assert_equal 1, attempt.runs
    end
  end

  def test_error_of_the_last_run_knows_nothing_of_the_runs_before
    error = assert_raises(RuntimeError) { run_retry(Attempt.new(CONFLICT, RuntimeError)) }

    assert_nil error.cause
  end

  def test_duplicate_key
    attempt = Attempt.new(PG::UniqueViolation)
    assert_raises(PG::UniqueViolation) { run_retry(attempt) }
    assert_equal 1, attempt.runs

    attempt = Attempt.new(PG::UniqueViolation)
    assert_equal "done", run_retry(attempt, max_retries: 0, idempotent: true)
    assert_equal 2, attempt.runs

    attempt = Attempt.new(PG::UniqueViolation, PG::UniqueViolation) # not the key's
    assert_raises(PG::UniqueViolation) { run_retry(attempt, idempotent: true) }
    assert_equal 2, attempt.runs
  end

  def test_unknown_outcome
    attempt = Attempt.new(Database::OutcomeUnknown)

    assert_raises(Database::OutcomeUnknown) { run_retry(attempt) }
    assert_equal 1, attempt.runs
  end

  def test_unknown_outcome_of_idempotent_work
    assert_equal "done", run_retry(Attempt.new(Database::OutcomeUnknown), idempotent: true)
  end

  def test_unknown_outcome_stays_unknown
    [ Database::OutcomeUnknown, Database::Unavailable, PG::CheckViolation ].each do |second|
      attempt = Attempt.new(Database::OutcomeUnknown, second)

      assert_raises(Database::OutcomeUnknown) { run_retry(attempt, idempotent: true) }
      assert_equal 2, attempt.runs
    end
  end

  def test_an_answer_decides_an_unknown_outcome
    attempt = Attempt.new(Database::OutcomeUnknown, ArgumentError)

    assert_raises(ArgumentError) { run_retry(attempt, idempotent: true) }
    assert_equal 2, attempt.runs
  end

  def test_which_commits_are_ambiguous
    [ nil, "08006", "57P01", "40003" ].each { |state| assert Database::Retry.ambiguous?(state), state }
    %w[40001 23505 57014].each { |state| refute Database::Retry.ambiguous?(state), state }
  end

  def test_backoff_is_jittered_and_capped
    waits = Array.new(100) { Database::Retry.backoff(30) }

    assert(waits.all? { |wait| (0...Database::Retry::CAP).cover?(wait) })
    assert_operator waits.uniq.size, :>, 50
    assert_operator Database::Retry.backoff(0), :<, Database::Retry::BASE
  end

  def test_deadlines_nest
    assert_equal Float::INFINITY, Database::Deadline.remaining
    Database::Deadline.within(1) do
      Database::Deadline.within(60) { assert_operator Database::Deadline.remaining, :<=, 1 }
      Database::Deadline.within(0) { assert_equal 0, Database::Deadline.remaining }
      assert_operator Database::Deadline.remaining, :>, 0
    end
    assert_equal Float::INFINITY, Database::Deadline.remaining
  end

  private

  # As a library raises it: its own error, for the driver's.
  def caused_by(error)
    raise error
  rescue PG::Error
    begin
      raise IOError, "the library's"
    rescue IOError => wrapped
      wrapped
    end
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
