# frozen_string_literal: true

require "puma"
require "puma/plugin"

# Stops Puma at SIGTERM and SIGINT, once the requests in flight are done. For config/puma.rb:
#
#     plugin :puma_stop
#
# Puma's own handler of SIGTERM waits for that inside the handler, where Ruby may let it wait for ever (it
# does now and then, when nothing is in flight), and forgets a signal that comes before the server is up.
class PumaStop < Puma::Plugin
  Puma::Plugins.register("puma_stop", self)

  def start(launcher)
    up = false
    launcher.events.after_booted { up = true }
    stop = lambda do
      sleep 0.05 until up
      launcher.log_writer.log("- Stopping")
      launcher.stop
    end
    launcher.define_singleton_method(:setup_signals) do
      super()
      %w[TERM INT].each { |signal| trap(signal) { Thread.new(&stop) } }
    end
  end
end
