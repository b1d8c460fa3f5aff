# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/puma_queue"

class PumaQueueTest < Minitest::Test
  Client = Struct.new(:env)

  # If this fails, Puma has another way to its threads than the version that this was written for.
  def test_client_knows_since_when_it_waits
    before = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    served = Queue.new
    pool = Puma::ThreadPool.new("test", { min_threads: 1, max_threads: 1 }) { |_, client| served << client.env }

    pool << Client.new({})

    assert_operator served.pop(timeout: 2).fetch(PumaQueue::KEY), :>=, before
  ensure
    pool&.shutdown(0)
  end
end
