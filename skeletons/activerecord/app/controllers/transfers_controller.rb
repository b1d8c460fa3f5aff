# frozen_string_literal: true

class TransfersController < ApplicationController
  KEY = /\A[!-~]{1,255}\z/

  def show
    render json: Transfer.find(params[:id])
  end

  def create
    body = NewTransfer.read(request)
    key = idempotency_key
    transfer = Database.transaction(idempotent: !key.nil?) do
      Transfer.make(from_account: body.from, to_account: body.to, amount: body.amount, idempotency_key: key)
    end
    render json: transfer, status: :created, location: transfer_path(transfer)
  end

  private

  def idempotency_key
    key = request.headers["Idempotency-Key"]
    return key if key.nil? || key.match?(KEY)

    raise Problem.bad_request(Problem::FieldError.new("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
  end
end
