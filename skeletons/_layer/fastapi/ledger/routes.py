"""The endpoints of accounts and transfers. They are not async: each runs in a thread."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BeforeValidator

from api.body import JSONRoute
from api.ids import Id
from api.openapi import CREATED, problems
from ledger.models import (
    Account,
    AccountPage,
    AccountUpdate,
    NewAccount,
    NewTransfer,
    Transfer,
)
from ledger.store import Store

MAX_PAGE = 100
DEFAULT_PAGE = 50


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _read_digits(value: object) -> object:
    # int() and pydantic also take 5_0 and other scripts' digits.
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,3}", value):
        raise ValueError(f"must be a number from 1 to {MAX_PAGE}")
    return value


StoreDependency = Annotated[Store, Depends(_store)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE), BeforeValidator(_read_digits)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", pattern="^[!-~]{1,255}$")]

router = APIRouter(route_class=JSONRoute)


@router.get(
    "/accounts",
    operation_id="listAccounts",
    tags=["accounts"],
    summary="List accounts, ordered by id.",
    responses=problems(400, 500, 503),
)
def list_accounts(
    store: StoreDependency, limit: Limit = DEFAULT_PAGE, after: Id | None = None
) -> AccountPage:
    # One more than asked for says whether there is a next page.
    found = store.accounts(after, limit + 1)
    page = found[:limit]
    return AccountPage(accounts=page, next=page[-1].id if len(found) > limit else None)


@router.post(
    "/accounts",
    status_code=201,
    operation_id="createAccount",
    tags=["accounts"],
    summary="Open an account.",
    responses=CREATED | problems(400, 413, 415, 500, 503),
)
def create_account(body: NewAccount, store: StoreDependency, response: Response) -> Account:
    account = store.create_account(body.owner, body.balance)
    response.headers["Location"] = f"/accounts/{account.id}"
    return account


@router.get(
    "/accounts/{id:id}",
    operation_id="getAccount",
    tags=["accounts"],
    summary="Read an account.",
    responses=problems(404, 500, 503),
)
def get_account(id: Id, store: StoreDependency) -> Account:
    return store.account(id)


@router.patch(
    "/accounts/{id:id}",
    operation_id="updateAccount",
    tags=["accounts"],
    summary="Change an account's owner.",
    responses=problems(400, 404, 413, 415, 500, 503),
)
def update_account(id: Id, body: AccountUpdate, store: StoreDependency) -> Account:
    return store.rename_account(id, body.owner)


@router.delete(
    "/accounts/{id:id}",
    status_code=204,
    operation_id="deleteAccount",
    tags=["accounts"],
    summary="Delete an account that no transfer refers to.",
    responses=problems(404, 409, 500, 503),
)
def delete_account(id: Id, store: StoreDependency) -> None:
    store.delete_account(id)


@router.post(
    "/transfers",
    status_code=201,
    operation_id="createTransfer",
    tags=["transfers"],
    summary="Move money from one account to another.",
    responses=CREATED | problems(400, 404, 409, 413, 415, 422, 500, 503),
)
def create_transfer(
    body: NewTransfer, store: StoreDependency, response: Response, key: IdempotencyKey = None
) -> Transfer:
    transfer = store.create_transfer(body, key)
    response.headers["Location"] = f"/transfers/{transfer.id}"
    return transfer


@router.get(
    "/transfers/{id:id}",
    operation_id="getTransfer",
    tags=["transfers"],
    summary="Read a transfer.",
    responses=problems(404, 500, 503),
)
def get_transfer(id: Id, store: StoreDependency) -> Transfer:
    return store.transfer(id)
