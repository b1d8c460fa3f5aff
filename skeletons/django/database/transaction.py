"""The one way to write: an explicit transaction that is run again when CockroachDB asks for it."""

import itertools
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
    COMMIT of unknown outcome. Raises OutcomeUnknown only if not idempotent.
    """
    connection = connections[using]
    max_retries: int = connection.settings_dict["MAX_RETRIES"]
    in_doubt = False

    for retry in itertools.count():
        committing = False
        try:
            # durable: inside another transaction, running this one again would not start it again.
            with transaction.atomic(using=using, durable=True):
                result = work()
                if connection.connection.info.transaction_status == TransactionStatus.INERROR:
                    raise TransactionManagementError(
                        "a database error was swallowed inside the transaction"
                    )
                committing = True
            return result
        except Error as error:
            state = sqlstate(error)
            if committing and _is_ambiguous(state):
                if not idempotent:
                    raise OutcomeUnknown from error
                if in_doubt:
                    raise
                in_doubt = True
            elif state != "40001" and not (idempotent and state == "23505"):
                raise
            # Full jitter: a random point below an exponential limit.
            pause = random.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2**retry))
            if retry >= max_retries or pause >= remaining():
                raise
        if not connection.in_atomic_block:  # as in a TestCase
            connection.close()  # back to the pool: others can use it meanwhile
        time.sleep(pause)
    raise AssertionError("unreachable")


def _is_ambiguous(state: str | None) -> bool:
    """Of COMMIT: the connection broke (None, 08…, 57P…), or the server cannot tell (40003)."""
    return state is None or state == "40003" or state.startswith(("08", "57P"))
