# frozen_string_literal: true

require "uri"
require_relative "url"

module Database
  # A connection URL as config/database.yml hands it to Active Record.
  #
  # Active Record reads URLs by itself, and less well than libpq: one host, no underscore in it, no
  # encoded names. So libpq's reading, which was checked, is written anew with every parameter in the
  # query, where Active Record takes them as they are.
  module ActiveRecordUrl
    NAMES = { user: :username, dbname: :database }.freeze
    private_constant :NAMES

    # Raises Url::Invalid.
    def self.from(url, application_name:)
      parameters = Url.parse(url, application_name:).transform_keys(NAMES)
      "cockroachdb:///?#{parameters.map { |name, value| "#{name}=#{URI.encode_uri_component(value)}" }.join("&")}"
    end

    # The database that such a URL names.
    def self.database(url)
      URI.decode_uri_component(url[/[?&]database=([^&]*)/, 1])
    end
  end
end
