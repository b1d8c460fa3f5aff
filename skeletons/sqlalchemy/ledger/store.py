"""Keeps accounts and transfers in CockroachDB. All SQL of the domain is here.

Entities stay in their session; what leaves this module are models, which are values.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.problems import Problem
from database.pool import Pool
from database.transaction import read, run_transaction
from ledger import models
from ledger.entities import Account, Transfer
from ledger.models import MAX_BALANCE, NewTransfer

T = TypeVar("T")


class Store:
    """Its methods raise Problem: 404, 409 or 422."""

    def __init__(self, pool: Pool, *, max_retries: int) -> None:
        self._pool = pool
        self._max_retries = max_retries

    def accounts(self, after: UUID | None, limit: int) -> list[models.Account]:
        """Up to limit accounts in the order of their ids, from behind the given one."""
        statement = select(Account).order_by(Account.id).limit(limit)
        if after is not None:
            statement = statement.where(Account.id > after)
        return self._read(lambda session: [_account(found) for found in session.scalars(statement)])

    def account(self, id: UUID) -> models.Account:
        return self._read(lambda session: _account(session.get(Account, id)))

    def create_account(self, owner: str, balance: int) -> models.Account:
        return self._write(
            lambda session: _account(_insert(session, Account(owner=owner, balance=balance)))
        )

    def rename_account(self, id: UUID, owner: str) -> models.Account:
        statement = update(Account).where(Account.id == id).values(owner=owner).returning(Account)
        return self._write(lambda session: _account(session.scalar(statement)))

    def delete_account(self, id: UUID) -> None:
        statement = delete(Account).where(Account.id == id).returning(Account)
        try:
            self._write(lambda session: _account(session.scalar(statement)))
        except IntegrityError as error:
            if not isinstance(error.orig, ForeignKeyViolation):
                raise
            raise Problem(409, "Transfers refer to the account.") from error

    def transfer(self, id: UUID) -> models.Transfer:
        return self._read(lambda session: _transfer(session.get(Transfer, id)))

    def create_transfer(self, new: NewTransfer, key: str | None) -> models.Transfer:
        """Moves money, once for each key; after that it returns what was made."""
        return self._write(
            lambda session: _transfer(_create_transfer(session, new, key)),
            idempotent=key is not None,
        )

    def _read(self, work: Callable[[Session], T]) -> T:
        return read(self._pool, work, max_retries=self._max_retries)

    def _write(self, work: Callable[[Session], T], *, idempotent: bool = False) -> T:
        return run_transaction(
            self._pool, work, max_retries=self._max_retries, idempotent=idempotent
        )


def _create_transfer(session: Session, new: NewTransfer, key: str | None) -> Transfer:
    """Runs inside run_transaction(), possibly more than once."""
    if key is not None:
        made = session.scalar(select(Transfer).where(Transfer.idempotency_key == key))
        if made is not None:
            if (made.from_account, made.to_account, made.amount) != (new.from_, new.to, new.amount):
                raise Problem(422, "The Idempotency-Key was used for another transfer.")
            return made

    source, target = _lock(session, new.from_, new.to)
    if source.balance < new.amount:
        raise Problem(409, "The account does not have that much.")
    if target.balance + new.amount > MAX_BALANCE:
        raise Problem(409, "The receiving account would hold too much.")
    source.balance -= new.amount
    target.balance += new.amount
    return _insert(
        session,
        Transfer(
            from_account=source.id, to_account=target.id, amount=new.amount, idempotency_key=key
        ),
    )


def _lock(session: Session, source: UUID, target: UUID) -> tuple[Account, Account]:
    # Both rows in one statement and always in the order of their ids: two transfers wait for each
    # other instead of failing with 40001.
    statement = (
        select(Account)
        .where(Account.id.in_((source, target)))
        .order_by(Account.id)
        .with_for_update()
    )
    found = {account.id: account for account in session.scalars(statement)}
    if len(found) < 2:
        raise _unknown_account()
    return found[source], found[target]


def _insert(session: Session, entity: T) -> T:
    """The database's own values, too, are in it then: INSERT returns them."""
    session.add(entity)
    session.flush()
    return entity


def _account(found: Account | None) -> models.Account:
    if found is None:
        raise _unknown_account()
    return models.Account.model_validate(found, from_attributes=True)


def _transfer(found: Transfer | None) -> models.Transfer:
    if found is None:
        raise Problem(404, "There is no such transfer.")
    return models.Transfer.model_validate(
        {
            "id": found.id,
            "from": found.from_account,
            "to": found.to_account,
            "amount": found.amount,
            "created_at": found.created_at,
        }
    )


def _unknown_account() -> Problem:
    return Problem(404, "There is no such account.")
