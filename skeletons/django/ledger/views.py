"""The endpoints of accounts and transfers."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views import View

from api.body import read_fields
from api.ids import parse_uuid
from api.problems import FieldError, InvalidRequest, Problem
from database.errors import sqlstate
from database.transaction import read, run_transaction
from ledger import fields
from ledger.models import Account, Transfer
from ledger.transfers import transfer

MAX_PAGE = 100
DEFAULT_PAGE = 50


class Accounts(View):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        limit, after = _page(request)
        rows = Account.objects.order_by("id")
        if after is not None:
            rows = rows.filter(id__gt=after)
        # One more than asked for says whether there is a next page.
        found = read(lambda: list(rows[: limit + 1]))
        page = found[:limit]
        return JsonResponse(
            {
                "accounts": [_account(account) for account in page],
                "next": str(page[-1].id) if len(found) > limit else None,
            }
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        values = read_fields(
            request, {"owner": fields.owner, "balance": fields.balance}, {"balance": 0}
        )
        account = run_transaction(partial(Account.objects.create, **values))
        return _created(_account(account), "account")


class AccountDetail(View):
    def get(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        account = read(Account.objects.filter(id=id).first)
        if account is None:
            raise _unknown_account()
        return JsonResponse(_account(account))

    def patch(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        values = read_fields(request, {"owner": fields.owner})

        def rename() -> Account | None:
            account = Account.objects.select_for_update().filter(id=id).first()
            if account is not None:
                account.owner = values["owner"]
                account.save(update_fields=["owner"])
            return account

        account = run_transaction(rename)
        if account is None:
            raise _unknown_account()
        return JsonResponse(_account(account))

    def delete(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        try:
            deleted, _ = run_transaction(Account.objects.filter(id=id).delete)
        except IntegrityError as error:
            if sqlstate(error) != "23503":
                raise
            raise Problem(409, "Transfers refer to the account.") from error
        if not deleted:
            raise _unknown_account()
        return HttpResponse(status=204)


class Transfers(View):
    def post(self, request: HttpRequest) -> HttpResponseBase:
        values = read_fields(
            request, {"from": fields.account_id, "to": fields.account_id, "amount": fields.amount}
        )
        if values["from"] == values["to"]:
            raise InvalidRequest(FieldError("to", "must not be the account it comes from"))
        key = request.headers.get("Idempotency-Key")
        if key is not None and not re.fullmatch("[!-~]{1,255}", key):
            raise InvalidRequest(
                FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
            )

        made = run_transaction(
            partial(transfer, values["from"], values["to"], values["amount"], key),
            idempotent=key is not None,
        )
        return _created(_transfer(made), "transfer")


class TransferDetail(View):
    def get(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        made = read(Transfer.objects.filter(id=id).first)
        if made is None:
            raise Problem(404, "There is no such transfer.")
        return JsonResponse(_transfer(made))


def _page(request: HttpRequest) -> tuple[int, UUID | None]:
    errors = []
    limit, after = DEFAULT_PAGE, None
    if "limit" in request.GET:
        text = request.GET["limit"]
        limit = int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
        if not 1 <= limit <= MAX_PAGE:
            errors.append(FieldError("limit", f"must be a number from 1 to {MAX_PAGE}"))
    if "after" in request.GET:
        try:
            after = parse_uuid(request.GET["after"])
        except ValueError as error:
            errors.append(FieldError("after", str(error)))
    if errors:
        raise InvalidRequest(*errors)
    return limit, after


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": str(account.id),
        "owner": account.owner,
        "balance": account.balance,
        "created_at": _rfc3339(account.created_at),
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {
        "id": str(transfer.id),
        "from": str(transfer.from_account_id),
        "to": str(transfer.to_account_id),
        "amount": transfer.amount,
        "created_at": _rfc3339(transfer.created_at),
    }


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _created(content: dict[str, Any], view: str) -> HttpResponseBase:
    location = reverse(view, kwargs={"id": content["id"]})
    return JsonResponse(content, status=201, headers={"Location": location})


def _unknown_account() -> Problem:
    return Problem(404, "There is no such account.")
