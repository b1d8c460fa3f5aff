# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/probe"

class ProbeTest < Minitest::Test
  def test_answer
    asked = 0
    probe = Probe.new { asked += 1 }
    2.times { probe.check }

    assert_equal 2, asked
  end

  def test_whatever_keeps_the_database_from_answering
    [ Database::Unavailable, IOError ].each do |error|
      probe = Probe.new { raise error, "gone" }

      assert_equal "gone", assert_raises(Database::Unavailable) { probe.check }.message
    end
  end

  def test_one_question_at_a_time
    asked = 0
    answer = Queue.new
    probe = Probe.new do
      asked += 1
      answer.pop
    end
    waiting = Array.new(3) { Thread.new { probe.check } }
    Thread.pass until waiting.all? { |thread| thread.status == "sleep" }
    answer.close
    waiting.each(&:join)

    assert_equal 1, asked
  end

  def test_question_has_a_deadline
    left = nil
    Probe.new { left = Database::Deadline.remaining }.check

    assert_operator left, :<=, Probe::QUESTION
    assert_operator Probe::QUESTION, :<, Probe::WAIT
  end
end
