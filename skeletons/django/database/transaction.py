"""Transactions and reads, run again when CockroachDB asks for it. All SQL goes through here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)
from django.db.transaction import TransactionManagementError
from psycopg.pq import TransactionStatus

from database.deadline import remaining
from database.errors import sqlstate
from database.retry import OutcomeUnknown, Unavailable, is_ambiguous, retry

T = TypeVar("T")


def run_transaction(
    work: Callable[[], T], *, idempotent: bool = False, using: str = DEFAULT_DB_ALIAS
) -> T:
    """Runs work in a transaction of its own and returns its result.

    work may run several times, so it does nothing but SQL, and lets database errors pass: an error
    swallowed inside a transaction is a COMMIT that rolls back.
    database.retry says when it is run again, and what idempotent means.
    """
    return retry(
        lambda: _run_once(work, using), max_retries=_max_retries(using), idempotent=idempotent
    )


def read(work: Callable[[], T], *, using: str = DEFAULT_DB_ALIAS) -> T:
    """Runs work, one query that is evaluated in it, and returns its result.

    A statement by itself is atomic, and CockroachDB runs it again by itself, unless its result was
    so large that a part of it had been sent: hence the loop. Inside a transaction, that is what is
    run again.
    """
    if connections[using].in_atomic_block:
        return work()

    def run_once() -> T:
        with _as_unavailable(using):
            return work()

    return retry(run_once, max_retries=_max_retries(using), idempotent=False)


def _run_once(work: Callable[[], T], using: str) -> T:
    committing = False
    with _as_unavailable(using):
        try:
            # durable: inside another transaction, running this one again would not start it again.
            with transaction.atomic(using=using, durable=True):
                result = work()
                status = connections[using].connection.info.transaction_status
                if status == TransactionStatus.INERROR:
                    raise TransactionManagementError("work swallowed a database error")
                if not remaining():
                    # Rather than a COMMIT whose answer there is no time to hear.
                    raise OperationalError("no time left to commit")
                committing = True
            return result
        except Error as error:
            if committing and is_ambiguous(sqlstate(error)):
                raise OutcomeUnknown from error
            raise


@contextmanager
def _as_unavailable(using: str) -> Iterator[None]:
    """What breaks the connection, or keeps it from answering, becomes Unavailable."""
    try:
        yield
    except Error as error:
        connections[using].close()  # back to the pool: others can use it meanwhile
        if isinstance(error, OperationalError | InterfaceError):
            raise Unavailable from error
        raise


def _max_retries(using: str) -> int:
    limit: int = connections[using].settings_dict["MAX_RETRIES"]
    return limit
