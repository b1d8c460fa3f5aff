# frozen_string_literal: true

require "minitest/autorun"
require "English"
require "json"
require "socket"
require "stringio"
require_relative "../lib/log_format"
require_relative "../lib/puma_log"
require_relative "../lib/puma_problems"

# What Puma does by itself, without the application.
class PumaTest < Minitest::Test
  APP = ->(env) { raise "inside" if env["PATH_INFO"] == "/broken"; [ 200, {}, [ env["rack.input"].read ] ] }

  def setup
    @printed = $stderr = StringIO.new
    log = Logger.new($stderr, formatter: LogFormat::Json.new)
    writer = Puma::LogWriter.new($stdout, $stderr)
    writer.custom_logger = PumaLog.new(log)
    @server = Puma::Server.new(APP, nil, log_writer: writer, lowlevel_error_handler: PumaProblems.method(:answer),
                               http_content_length_limit: 1000, first_data_timeout: 1, max_threads: 2)
    @port = @server.add_tcp_listener("127.0.0.1", 0).addr[1]
    @server.run
    writer.log("* Listening on http://127.0.0.1")
  end

  def teardown
    @server.stop(true)
    PumaLog::Errors.log = nil
    $stderr = STDERR
  end

  # Sends what is given and returns the status and the problem.
  def exchange(text)
    TCPSocket.open("127.0.0.1", @port) do |socket|
      socket.write(text)
      head, body = socket.read.split("\r\n\r\n", 2)
      assert_match(%r{^content-type: application/problem\+json\r?$}i, head)
      problem = JSON.parse(body)
      assert_equal head[/\d{3}/].to_i, problem["status"]
      problem
    end
  end

  def test_request_that_is_not_http
    problem = exchange("GET / HTTP/1.1\r\nCookie: s3cret\r\nbroken\r\n\r\n")

    assert_equal 400, problem["status"]
    refute_empty problem["errors"]
    assert_includes logged.last["error"], "Bad headers"
    refute_includes @printed.string, "s3cret"
  end

  def test_body_that_is_too_large
    assert_equal 413, exchange("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n")["status"]
    chunk = "3e9\r\n#{"x" * 1001}\r\n"
    assert_equal 413, exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n#{chunk}")["status"]
  end

  def test_body_that_does_not_come
    assert_equal 408, exchange("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")["status"]
  end

  def test_encoding_that_nobody_knows
    assert_equal 501, exchange("POST / HTTP/1.1\r\nTransfer-Encoding: x\r\nConnection: close\r\n\r\n")["status"]
  end

  def test_application_that_raises
    assert_equal 500, exchange("GET /broken HTTP/1.1\r\nConnection: close\r\n\r\n")["status"]
    assert_includes logged.last["stack"], "inside"
  end

  def test_lines_of_puma_are_lines_of_the_log
    assert_equal [ "info", "Listening on http://127.0.0.1" ], logged.first.values_at("level", "message")
  end

  def test_sigterm_ends_it_with_exit_code_0
    IO.popen([ RbConfig.ruby, "-rbundler/setup", "-e", <<~RUBY ]) do |child|
      require "puma"
      require "puma/configuration"
      require "puma/launcher"
      require "#{__dir__}/../lib/puma_stop"

      config = Puma::Configuration.new do |user, file|
        file.load "-" # not config/puma.rb
        user.app ->(_) { [ 200, {}, [] ] }
        user.bind "tcp://127.0.0.1:0"
        user.plugin :puma_stop
      end
      $stdout.sync = true
      Puma::Launcher.new(config).run
    RUBY
      child.each_line { |line| Process.kill("TERM", child.pid) if line.include?("Listening") }
    end

    assert_equal 0, $CHILD_STATUS.exitstatus
  end

  private

  def logged
    @printed.string.lines.map { |line| JSON.parse(line) }
  end
end
