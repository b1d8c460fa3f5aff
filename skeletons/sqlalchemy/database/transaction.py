"""Transactions and reads, run again when CockroachDB asks for it. All SQL goes through here."""

from collections.abc import Callable
from typing import Any, TypeVar

from psycopg.pq import TransactionStatus
from sqlalchemy import exc
from sqlalchemy.orm import Session

from database.deadline import remaining
from database.errors import sqlstate
from database.pool import Pool
from database.retry import OutcomeUnknown, is_ambiguous, retry

T = TypeVar("T")


class ErrorSwallowed(Exception):
    """A database error did not leave work: its COMMIT would have rolled back, in silence."""


def run_transaction(
    pool: Pool, work: Callable[[Session], T], *, max_retries: int, idempotent: bool = False
) -> T:
    """Runs work in a session and a transaction of its own and returns its result.

    work may run several times, so it does nothing but SQL, and lets database errors pass. It
    returns values, not entities: those end with their session.
    database.retry says when it is run again, and what idempotent means.
    """
    return retry(lambda: _run_once(pool, work), max_retries=max_retries, idempotent=idempotent)


def read(pool: Pool, work: Callable[[Session], T], *, max_retries: int) -> T:
    """Runs work, one statement that reads, outside any transaction and returns its result.

    A statement by itself is atomic, and CockroachDB runs it again by itself, unless its result was
    so large that a part of it had been sent: hence the loop.
    """

    def run_once() -> T:
        with pool.session() as session:
            return work(session)

    return retry(run_once, max_retries=max_retries, idempotent=False)


def _run_once(pool: Pool, work: Callable[[Session], T]) -> T:
    committing = False
    try:
        with pool.begin() as session:
            result = work(session)
            session.flush()  # or COMMIT would do it, and an error in it would look like COMMIT's
            if _is_aborted(session):
                raise ErrorSwallowed
            if not remaining():
                # Rather than a COMMIT whose answer there is no time to hear.
                raise exc.TimeoutError("no time left to commit")
            committing = True
        return result
    except Exception as error:
        if committing and is_ambiguous(sqlstate(error)):
            raise OutcomeUnknown from error
        raise


def _is_aborted(session: Session) -> bool:
    connection: Any = session.connection().connection.driver_connection  # psycopg's
    return bool(connection.info.transaction_status == TransactionStatus.INERROR)
