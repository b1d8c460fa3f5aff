# frozen_string_literal: true

class AccountsController < ApplicationController
  LIMITS = 1..100
  DEFAULT_LIMIT = 50

  def index
    limit, after = page
    accounts = Account.order(:id)
    accounts = accounts.where("id > ?", after) if after
    found = accounts.limit(limit + 1).to_a # one more than asked for says whether there is a next page
    accounts = found.first(limit)
    render json: { accounts:, next: (accounts.last.id if found.size > limit) }
  end

  def show
    render json: Account.find(params[:id])
  end

  def create
    body = NewAccount.read(request)
    account = Database.transaction { Account.create!(owner: body.owner, balance: body.balance) }
    render json: account, status: :created, location: account_path(account)
  end

  def update
    body = AccountUpdate.read(request)
    account = Database.transaction { Account.lock.find(params[:id]).tap { |found| found.update!(owner: body.owner) } }
    render json: account
  end

  def destroy
    Database.transaction { Account.lock.find(params[:id]).destroy! }
    head :no_content
  rescue ActiveRecord::InvalidForeignKey
    raise Problem.new(409, "transfers refer to the account")
  end

  private

  def page
    errors = []
    limit = params.fetch(:limit, DEFAULT_LIMIT.to_s)
    unless limit.is_a?(String) && limit.match?(/\A[0-9]{1,3}\z/) && LIMITS.cover?(limit.to_i)
      errors << Problem::FieldError.new("limit", "must be a number from #{LIMITS.begin} to #{LIMITS.end}")
    end
    if params.key?(:after) && !UuidValidator.valid?(params[:after])
      errors << Problem::FieldError.new("after", "must be a UUID")
    end
    raise Problem.bad_request(*errors) if errors.any?

    [ limit.to_i, params[:after] ]
  end
end
