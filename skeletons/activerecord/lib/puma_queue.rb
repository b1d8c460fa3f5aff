# frozen_string_literal: true

require "puma"
require "puma/thread_pool"

# Notes when a request began to wait for a thread of Puma's: its deadline counts from then.
module PumaQueue
  KEY = "puma.queued_at"

  def <<(client)
    client.env[KEY] = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    super
  end

  Puma::ThreadPool.prepend(self)
end
