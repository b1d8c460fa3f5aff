"""The time by which the current work must be done.

A request has one, and so has each wait for a connection; commands have none.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Gives what runs inside this many seconds, or fewer if an enclosing deadline is nearer."""
    token = _deadline.set(min(_deadline.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float:
    """Seconds left, math.inf without a deadline, 0 when it has passed."""
    return max(0.0, _deadline.get() - monotonic())
