# frozen_string_literal: true

require "ipaddr"
require "pg"

module Database
  # Checks a connection URL and reads it into libpq's parameters.
  #
  # It holds a password, so no message quotes any of it.
  module Url
    CONNECT_TIMEOUT = 3 # seconds
    STATEMENT_TIMEOUT = 10_000 # milliseconds

    # The pg gem's own OpenSSL looks for public CA certificates where nobody has them, and a libpq before
    # version 16 for none at all: sslrootcert=system is of no use. So they are named: SSL_CERT_FILE, or
    # the first of what Linux distributions and macOS bring.
    CA_FILES = %w[
      /etc/ssl/certs/ca-certificates.crt
      /etc/pki/tls/certs/ca-bundle.crt
      /etc/ssl/ca-bundle.pem
      /etc/ssl/cert.pem
    ].freeze

    # Says what is wrong and what to do about it.
    class Invalid < StandardError; end

    # The URL's parameters, with the defaults this project wants where the URL is silent.
    def self.parse(url, application_name:)
      url = url.dup.force_encoding(Encoding::UTF_8) # whatever the locale is
      raise Invalid, "not a valid URL; percent-encode every part of it" unless url.valid_encoding?
      raise Invalid, "not set; copy .env.example to .env and put the cluster's URL into it" if url.empty?
      raise Invalid, "still holds a <placeholder>; replace it by the cluster's own value" if url.match?(/<[^<>]*>/)

      given = read(url)
      check_target(given)
      check_tls(given)
      defaults(given, application_name).merge(given, options: options(given))
    end

    def self.read(url)
      raise Invalid, "not a URL that begins with postgresql://" unless url.match?(%r{\Apostgres(ql)?://})

      authority, _, path = url.partition("?").first.partition("://").last.partition("/")
      if authority.count("@") > 1 || path.include?("@")
        # libpq would take the end of the password for the host, and then print it.
        raise Invalid, "has an @ too many; in a user name or password it is %40, and / is %2F"
      end
      begin
        found = PG::Connection.conninfo_parse(url)
      rescue PG::Error, ArgumentError
        found = nil # its message quotes the URL
      end
      raise Invalid, "not a valid URL; percent-encode every part of it" unless found

      found.to_h { |parameter| [ parameter[:keyword].to_sym, parameter[:val] ] }.reject { |_, value| value.to_s.empty? }
    end
    private_class_method :read

    def self.check_target(given)
      if hosts(given).empty?
        raise Invalid, "names no host; write postgresql://user:password@host:26257/database?sslmode=verify-full"
      end
      unless given[:dbname]
        raise Invalid, "names no database; it follows the host: host:26257/database?sslmode=verify-full"
      end

      given.fetch(:port, "26257").split(",").each do |port|
        next if port.match?(/\A[0-9]{1,5}\z/) && port.to_i.between?(1, 65_535)

        raise Invalid, "the port is not a number; percent-encode what the user name and password hold"
      end
    end
    private_class_method :check_target

    def self.check_tls(given)
      case given[:sslmode]
      when "verify-full"
        # checks who answers
      when nil
        raise Invalid, "states no sslmode; add sslmode=verify-full (or disable, for a node on this machine)"
      when "disable"
        return if hosts(given).all? { |host| near?(host) }

        raise Invalid, "sslmode=disable is for a loopback host or one without a dot; use sslmode=verify-full"
      else
        raise Invalid, "its sslmode does not verify the server; use sslmode=verify-full"
      end
    end
    private_class_method :check_tls

    def self.hosts(given)
      given.values_at(:host, :hostaddr).compact.flat_map { |list| list.split(",") }
    end
    private_class_method :hosts

    def self.near?(host)
      IPAddr.new(host).loopback?
    rescue IPAddr::Error
      !host.include?(".")
    end
    private_class_method :near?

    def self.defaults(given, application_name)
      defaults = {
        application_name:,
        connect_timeout: CONNECT_TIMEOUT.to_s,
        # A command without a deadline, as a long migration, finds out that its node has gone.
        keepalives_idle: "30",
        keepalives_interval: "10",
        keepalives_count: "3"
      }
      defaults[:sslrootcert] = ca_file if given[:sslmode] == "verify-full" && !given[:sslrootcert]
      if !given[:sslcert] && PG::Connection.conndefaults_hash.key?(:sslcertmode)
        # Or libpq reads ~/.postgresql/postgresql.crt, and fails where it may not look into HOME.
        defaults[:sslcertmode] = "disable"
      end
      defaults
    end
    private_class_method :defaults

    # The last setting of a name wins, so the URL's own come last.
    def self.options(given)
      "-c statement_timeout=#{STATEMENT_TIMEOUT} #{given[:options]}".strip
    end
    private_class_method :options

    # The CA certificates for a server whose URL names none.
    def self.ca_file
      named = ENV["SSL_CERT_FILE"].to_s
      return named unless named.empty?

      CA_FILES.find { |file| File.readable?(file) } or
        raise Invalid, "no CA certificates found on this machine; install them or name a file of them in SSL_CERT_FILE"
    end
    private_class_method :ca_file
  end
end
