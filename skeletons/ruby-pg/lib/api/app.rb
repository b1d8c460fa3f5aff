# frozen_string_literal: true

require "roda"
require "time"
require "uri"
require_relative "../probe"
require_relative "../problem"
require_relative "fields"
require_relative "id"
require_relative "requests"

# Requests in, JSON or problem details (RFC 9457) out. openapi.yaml describes it.
module API
  # The routes. What they raise, Requests makes an answer of.
  class App < Roda
    PAGE = 50
    MAX_PAGE = 100
    KEY = /\A[!-~]{1,255}\z/

    plugin :all_verbs
    plugin :json, serializer: JSON.method(:generate)
    plugin :not_allowed
    plugin :status_handler

    status_handler(404) { raise Problem.new(404, "there is nothing at this path") }
    status_handler(405, keep_headers: [ "Allow" ]) do
      allow = response["allow"]
      raise Problem.new(405, "this path allows #{allow}", headers: { "allow" => allow })
    end

    # Returns a Rack application. The block asks the database a question, for /readyz.
    def self.build(store, log:, &ping)
      app = Class.new(self)
      app.opts[:store] = store
      app.opts[:probe] = Probe.new(&ping)
      Requests.new(app.freeze.app, log)
    end

    route do |r|
      # The process serves. It does not ask the database: to restart this process would not bring the
      # database back.
      r.is "healthz" do
        r.get { { status: "ok" } }
      end

      r.is "readyz" do
        r.get do
          opts[:probe].check
          { status: "ready" }
        end
      end

      r.on "accounts" do
        r.is do
          r.get { list_accounts }
          r.post { create_account }
        end

        r.is ID::PATTERN do |id|
          id = ID.read(id)
          r.get { json(store.account(id)) }
          r.patch { json(store.rename_account(id, Fields.read(env, &:owner))) }
          r.delete do
            store.delete_account(id)
            response.status = 204
            ""
          end
        end
      end

      r.on "transfers" do
        r.is do
          r.post { create_transfer }
        end

        r.is ID::PATTERN do |id|
          r.get { json(store.transfer(ID.read(id))) }
        end
      end
    end

    private

    def store
      opts[:store]
    end

    def list_accounts
      limit, after = page
      # One more than asked for says whether there is a next page.
      found = store.accounts(after, limit + 1)
      accounts = found.first(limit)
      { accounts: accounts.map { |account| json(account) }, next: found.size > limit ? accounts.last.id : nil }
    end

    def create_account
      owner, balance = Fields.read(env) { |fields| [ fields.owner, fields.money("balance", least: 0, default: 0) ] }
      created("/accounts", store.create_account(owner, balance))
    end

    def create_transfer
      order = Fields.read(env) do |fields|
        from, to = fields.account_id("from"), fields.account_id("to")
        fields.refuse("to", "must be another account than from") if from && from == to
        Bank::Order.new(from:, to:, amount: fields.money("amount", least: 1), key: idempotency_key(fields))
      end
      created("/transfers", store.create_transfer(order))
    end

    def idempotency_key(fields)
      key = env["HTTP_IDEMPOTENCY_KEY"]
      return key if key.nil? || key.b.match?(KEY)

      fields.refuse("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    end

    def page
      query = parameters
      limit = query.fetch("limit", PAGE.to_s)
      unless limit.b.match?(/\A[0-9]{1,3}\z/) && limit.to_i.between?(1, MAX_PAGE)
        refuse("limit", "must be an integer from 1 to #{MAX_PAGE}")
      end
      after = query["after"]
      [ limit.to_i, after && (ID.read(after) || refuse("after", "must be a UUID")) ]
    end

    def parameters
      URI.decode_www_form(env["QUERY_STRING"].to_s).to_h
    rescue ArgumentError
      refuse("query", "is not percent-encoded")
    end

    def refuse(field, message)
      raise Problem.bad_request(Problem::FieldError.new(field, message))
    end

    def created(path, record)
      response.status = 201
      response["location"] = "#{path}/#{record.id}"
      json(record)
    end

    def json(record)
      record.to_h.merge(created_at: record.created_at.utc.iso8601(6))
    end
  end
end
