"""Keeps accounts and transfers in CockroachDB. All SQL of the domain is here."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import class_row
from pydantic import BaseModel

from api.problems import Problem
from database.pool import Connection, Pool
from database.transaction import read, run_transaction
from ledger.models import MAX_BALANCE, Account, NewTransfer, Transfer

# The columns by the names of the models' fields.
ACCOUNT = "id, owner, balance, created_at"
TRANSFER = 'id, from_account AS "from", to_account AS "to", amount, created_at'

BEFORE_ALL = UUID(int=0)  # no random UUID is

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


class Store:
    """Its methods raise Problem: 404, 409 or 422."""

    def __init__(self, pool: Pool, *, max_retries: int) -> None:
        self._pool = pool
        self._max_retries = max_retries

    def accounts(self, after: UUID | None, limit: int) -> list[Account]:
        """Up to limit accounts in the order of their ids, from behind the given one."""
        statement = f"SELECT {ACCOUNT} FROM accounts WHERE id > %s ORDER BY id LIMIT %s"
        return self._read(
            lambda connection: _rows(connection, Account, statement, after or BEFORE_ALL, limit)
        )

    def account(self, id: UUID) -> Account:
        statement = f"SELECT {ACCOUNT} FROM accounts WHERE id = %s"
        return _the_account(
            self._read(lambda connection: _rows(connection, Account, statement, id))
        )

    def create_account(self, owner: str, balance: int) -> Account:
        statement = f"INSERT INTO accounts (owner, balance) VALUES (%s, %s) RETURNING {ACCOUNT}"
        return _the_account(
            self._write(lambda connection: _rows(connection, Account, statement, owner, balance))
        )

    def rename_account(self, id: UUID, owner: str) -> Account:
        statement = f"UPDATE accounts SET owner = %s WHERE id = %s RETURNING {ACCOUNT}"
        return _the_account(
            self._write(lambda connection: _rows(connection, Account, statement, owner, id))
        )

    def delete_account(self, id: UUID) -> None:
        statement = f"DELETE FROM accounts WHERE id = %s RETURNING {ACCOUNT}"
        try:
            deleted = self._write(lambda connection: _rows(connection, Account, statement, id))
        except ForeignKeyViolation as error:
            raise Problem(409, "Transfers refer to the account.") from error
        _the_account(deleted)

    def transfer(self, id: UUID) -> Transfer:
        statement = f"SELECT {TRANSFER} FROM transfers WHERE id = %s"
        found = self._read(lambda connection: _rows(connection, Transfer, statement, id))
        if not found:
            raise Problem(404, "There is no such transfer.")
        return found[0]

    def create_transfer(self, new: NewTransfer, key: str | None) -> Transfer:
        """Moves money, once for each key; after that it returns what was made."""
        return self._write(
            lambda connection: _create_transfer(connection, new, key), idempotent=key is not None
        )

    def _read(self, work: Callable[[Connection], T]) -> T:
        return read(self._pool, work, max_retries=self._max_retries)

    def _write(self, work: Callable[[Connection], T], *, idempotent: bool = False) -> T:
        return run_transaction(
            self._pool, work, max_retries=self._max_retries, idempotent=idempotent
        )


def _create_transfer(connection: Connection, new: NewTransfer, key: str | None) -> Transfer:
    """Runs inside run_transaction(), possibly more than once."""
    if key is not None:
        statement = f"SELECT {TRANSFER} FROM transfers WHERE idempotency_key = %s"
        for made in _rows(connection, Transfer, statement, key):
            if (made.from_, made.to, made.amount) != (new.from_, new.to, new.amount):
                raise Problem(422, "The Idempotency-Key was used for another transfer.")
            return made

    _lock_and_check(connection, new)
    for id, change in ((new.from_, -new.amount), (new.to, new.amount)):
        connection.execute("UPDATE accounts SET balance = balance + %s WHERE id = %s", (change, id))
    statement = (
        "INSERT INTO transfers (from_account, to_account, amount, idempotency_key)"
        f" VALUES (%s, %s, %s, %s) RETURNING {TRANSFER}"
    )
    [transfer] = _rows(connection, Transfer, statement, new.from_, new.to, new.amount, key)
    return transfer


def _lock_and_check(connection: Connection, new: NewTransfer) -> None:
    # Both rows in one statement and always in the order of their ids: two transfers wait for each
    # other instead of failing with 40001.
    statement = f"SELECT {ACCOUNT} FROM accounts WHERE id IN (%s, %s) ORDER BY id FOR UPDATE"
    locked = _rows(connection, Account, statement, new.from_, new.to)
    balances = {account.id: account.balance for account in locked}
    if len(balances) < 2:
        raise _unknown_account()
    if balances[new.from_] < new.amount:
        raise Problem(409, "The account does not have that much.")
    if balances[new.to] + new.amount > MAX_BALANCE:
        raise Problem(409, "The receiving account would hold too much.")


def _rows(
    connection: Connection, model: type[Model], statement: str, *arguments: Any
) -> list[Model]:
    with connection.cursor(row_factory=class_row(model)) as cursor:
        return cursor.execute(statement, arguments).fetchall()


def _the_account(found: list[Account]) -> Account:
    if not found:
        raise _unknown_account()
    return found[0]


def _unknown_account() -> Problem:
    return Problem(404, "There is no such account.")
