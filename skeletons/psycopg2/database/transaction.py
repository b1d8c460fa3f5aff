"""Transactions and reads, run again when CockroachDB asks for it. All SQL goes through here."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from psycopg2 import Error, OperationalError
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from database.deadline import remaining
from database.errors import sqlstate
from database.pool import Connection, Pool
from database.retry import OutcomeUnknown, is_ambiguous, retry

T = TypeVar("T")


class ErrorSwallowed(Exception):
    """A database error did not leave work: its COMMIT would have rolled back, in silence."""


def run_transaction(
    pool: Pool, work: Callable[[Connection], T], *, max_retries: int, idempotent: bool = False
) -> T:
    """Runs work in a transaction of its own and returns its result.

    work may run several times, so it does nothing but SQL, and lets database errors pass.
    database.retry says when it is run again, and what idempotent means.
    """
    return retry(lambda: _run_once(pool, work), max_retries=max_retries, idempotent=idempotent)


def read(pool: Pool, work: Callable[[Connection], T], *, max_retries: int) -> T:
    """Runs work, one statement that reads, outside any transaction and returns its result.

    A statement by itself is atomic, and CockroachDB runs it again by itself, unless its result was
    so large that a part of it had been sent: hence the loop.
    """

    def run_once() -> T:
        with pool.connection() as connection:
            return work(connection)

    return retry(run_once, max_retries=max_retries, idempotent=False)


def _run_once(pool: Pool, work: Callable[[Connection], T]) -> T:
    with pool.connection() as connection:
        committing = False
        try:
            connection.autocommit = False  # from here on the first statement is preceded by BEGIN
            result = work(connection)
            if connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
                raise ErrorSwallowed
            if not remaining():
                # Rather than a COMMIT whose answer there is no time to hear.
                raise OperationalError("no time left to commit")
            committing = True
            connection.commit()
            return result
        except Error as error:
            if committing and is_ambiguous(sqlstate(error)):
                raise OutcomeUnknown from error
            raise
        finally:
            _leave(connection)


def _leave(connection: Connection) -> None:
    """Outside a transaction, as it was lent. The pool closes one that cannot."""
    with suppress(Error):
        connection.rollback()  # sends nothing after a COMMIT
        connection.autocommit = True
