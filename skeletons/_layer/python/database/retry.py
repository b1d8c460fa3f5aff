"""Runs a transaction again when CockroachDB asks for it."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from database.deadline import remaining
from database.errors import sqlstate

BACKOFF_BASE_S = 0.05
BACKOFF_CAP_S = 2.0

T = TypeVar("T")


class Unavailable(Exception):
    """No connection, a broken one, a deadline, too much contention: later it may work.

    Nothing was written. The driver's error is the cause.
    """


class OutcomeUnknown(Exception):
    """The connection broke in COMMIT: the transaction may have happened, or not."""


def retry(attempt: Callable[[], T], *, max_retries: int, idempotent: bool) -> T:
    """Runs attempt, one transaction from BEGIN to COMMIT, until it has succeeded.

    It is run again after a 40001, max_retries times at most and never past the deadline. An error
    that is not the database's is an answer, and passed on.

    idempotent says that it finds out by itself whether it has been done already (it looks up a
    unique key first). Then it is also run once more after a duplicate key (23505), which it finds
    this time, and after a COMMIT of unknown outcome. Raises OutcomeUnknown where it stays unknown.
    """
    conflicts = 0
    duplicate = in_doubt = False

    while True:
        try:
            return attempt()
        except Exception as error:
            state = sqlstate(error)
            if state is None and not isinstance(error, OutcomeUnknown | Unavailable):
                raise
            # Full jitter: a random point below an exponential limit.
            pause = random.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2**conflicts))
            if isinstance(error, OutcomeUnknown):
                again = idempotent and not in_doubt
                in_doubt = True
            elif state == "40001":
                conflicts += 1
                again = conflicts <= max_retries
            elif state == "23505":
                again = idempotent and not duplicate
                duplicate = True
            else:
                again = False
            if not again or pause >= remaining():
                if in_doubt and not isinstance(error, OutcomeUnknown):
                    raise OutcomeUnknown from error
                raise
        time.sleep(pause)


def is_ambiguous(state: str | None) -> bool:
    """Of COMMIT: the connection broke (None, 08…, 57P…), or the server cannot tell (40003)."""
    return state is None or state == "40003" or state.startswith(("08", "57P"))
