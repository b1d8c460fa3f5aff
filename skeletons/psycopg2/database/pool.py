"""The pool that lends connections.

psycopg2's own pools neither wait for a connection, nor check one, nor let it go when it is old.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from time import monotonic

from psycopg2 import Error, InterfaceError, OperationalError
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from database.connection import Connection, connect, execute_one
from database.deadline import remaining, within
from database.retry import Unavailable

__all__ = ["Connection", "Error", "Pool", "connect", "execute_one"]

POOL_TIMEOUT_S = 3
POOL_LIFETIME_S = 300
LIFETIME_JITTER = 0.05


class Pool:
    """Opens without a connection: the database may be down."""

    def __init__(self, parameters: Mapping[str, str], *, max_size: int) -> None:
        self._parameters = parameters
        self._places = BoundedSemaphore(max_size)
        # A connection, and when it has lived long enough. Threads may share a deque.
        self._idle: deque[tuple[Connection, float]] = deque()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lends a connection. What breaks it, or keeps it from answering, becomes Unavailable."""
        try:
            connection, end = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection, end)
        except (OperationalError, InterfaceError) as error:
            raise Unavailable from error

    def ping(self) -> None:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def close(self) -> None:
        """Those that are lent are closed when they come back."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.popleft()[0].close()

    def _take(self) -> tuple[Connection, float]:
        """One that has just answered, in the pool's timeout and the caller's deadline."""
        with within(POOL_TIMEOUT_S):
            if not self._places.acquire(timeout=remaining()):
                raise OperationalError("no connection in time")
            try:
                return self._idle_one() or self._new_one()
            except BaseException:
                self._places.release()
                raise

    def _idle_one(self) -> tuple[Connection, float] | None:
        while remaining():
            try:
                connection, end = self._idle.popleft()
            except IndexError:
                return None
            if monotonic() < end and _answers(connection):
                return connection, end
            # At once to the next one: after a restart of the server none of them answers.
            connection.close()
        raise OperationalError("no connection in time")

    def _new_one(self) -> tuple[Connection, float]:
        # With jitter, so that those that began together do not end together.
        lifetime = POOL_LIFETIME_S * random.uniform(1 - LIFETIME_JITTER, 1)
        return connect(self._parameters), monotonic() + lifetime

    def _give_back(self, connection: Connection, end: float) -> None:
        if connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
            self._idle.append((connection, end))
        else:
            connection.close()
        self._places.release()
        if self._closed:
            self.close()


def _answers(connection: Connection) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
