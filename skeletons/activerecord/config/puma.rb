# frozen_string_literal: true

# Puma's settings; Puma finds this file by its name, bin/rails server as well.

require "socket"
require_relative "settings"
require_relative "../lib/puma_log"
require_relative "../lib/puma_problems"
require_relative "../lib/puma_queue"
require_relative "../lib/puma_stop"

Settings.exit_if_invalid

begin
  TCPServer.new(Settings::HOST, Settings::PORT).close
rescue SocketError, SystemCallError => error
  abort "HOST, PORT: #{error.message}" # Puma itself would add a stack trace
end
bind "tcp://#{Settings::HOST.include?(":") ? "[#{Settings::HOST}]" : Settings::HOST}:#{Settings::PORT}"

# One process; for more processors run more of them. Threads are enough for /healthz, /readyz and what
# needs no database while all connections are in use and waited for.
workers 0
threads 0, (4 * Settings::DB_POOL_MAX) + 16

# A client has as long to send a request as the request has then. Between two requests on one connection
# it may wait longer than a load balancer does: whoever closes first cuts off.
first_data_timeout 10
persistent_timeout 75

# Larger bodies are cut off; up to here the application says what is wrong with one.
http_content_length_limit 16 * 1024 * 1024
supported_http_methods :any # the application answers 405
lowlevel_error_handler PumaProblems.method(:answer)

# After SIGTERM requests in flight have as long as a request has; the exit code is 0, where Puma's is 143.
plugin :puma_stop
raise_exception_on_sigterm false
force_shutdown_after 10

custom_logger PumaLog.new(LogFormat.logger(level: Settings::LOG_LEVEL, format: Settings::LOG_FORMAT))

# Not after_stopped: Puma calls that before the requests in flight have finished.
at_exit { ActiveRecord::Base.connection_handler.clear_all_connections! if defined?(ActiveRecord::Base) }
