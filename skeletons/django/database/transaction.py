"""The one way to write: an explicit transaction that is run again when CockroachDB asks for it."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.transaction import TransactionManagementError
from psycopg.pq import TransactionStatus

from database.deadline import remaining
from database.errors import sqlstate

BACKOFF_BASE_S = 0.05
BACKOFF_CAP_S = 2.0

T = TypeVar("T")


class OutcomeUnknown(Exception):
    """The connection broke in COMMIT: the transaction may have happened, or not."""


def run_transaction(
    work: Callable[[], T], *, idempotent: bool = False, using: str = DEFAULT_DB_ALIAS
) -> T:
    """Runs work in a transaction of its own and returns its result.

    work may run several times, so it does nothing but SQL, and lets database errors pass: an error
    swallowed inside a transaction is a COMMIT that rolls back.

    idempotent says that work finds out by itself whether it has been done already (it looks up a
    unique key first). Then it is also run again after a duplicate key (23505), and once after a
    COMMIT of unknown outcome. Raises OutcomeUnknown where that is how it ends.
    """
    connection = connections[using]
    max_retries: int = connection.settings_dict["MAX_RETRIES"]
    conflicts = 0
    in_doubt = False

    while True:
        committing = False
        try:
            # durable: inside another transaction, running this one again would not start it again.
            with transaction.atomic(using=using, durable=True):
                result = work()
                if connection.connection.info.transaction_status == TransactionStatus.INERROR:
                    raise TransactionManagementError("work swallowed a database error")
                committing = True
            return result
        except Error as error:
            # Full jitter: a random point below an exponential limit.
            pause = random.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2**conflicts))
            state = sqlstate(error)
            if committing and _is_ambiguous(state):
                again = idempotent and not in_doubt
                in_doubt = True
            elif state == "40001":
                conflicts += 1
                again = conflicts <= max_retries
            else:
                again = idempotent and state == "23505"
            if not again or pause >= remaining():
                if in_doubt:
                    raise OutcomeUnknown from error
                raise
        connection.close()  # back to the pool: others can use it meanwhile
        time.sleep(pause)


def _is_ambiguous(state: str | None) -> bool:
    """Of COMMIT: the connection broke (None, 08…, 57P…), or the server cannot tell (40003)."""
    return state is None or state == "40003" or state.startswith(("08", "57P"))
