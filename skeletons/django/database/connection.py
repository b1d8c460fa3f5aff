"""psycopg's connection and pool, made to keep deadlines."""

import math
from typing import Any, ClassVar, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from database.deadline import remaining, within

T = TypeVar("T")


class Connection(psycopg.Connection[Any]):
    """Stops waiting at the deadline.

    statement_timeout is not enough: the server keeps it, and one that hangs does not.
    """

    # Why the latest attempt to connect failed; None if it succeeded.
    failure: ClassVar[psycopg.Error | None] = None

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        try:
            connection = super().connect(conninfo, **kwargs)
        except psycopg.Error as error:
            Connection.failure = error
            raise
        Connection.failure = None
        return connection

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        # An interval is always granted: a ROLLBACK after the deadline may save the connection.
        seconds = max(interval, min(remaining(), math.inf if timeout is None else timeout))
        try:
            return super().wait(gen, interval, None if seconds == math.inf else seconds)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # In the middle of a command: its answer must not be taken for that of the next.
                self.close()
            raise


class Pool(ConnectionPool[Connection]):
    """Hands out connections that have just answered, in its timeout and the caller's deadline."""

    def getconn(self, timeout: float | None = None) -> Connection:
        with within(self.timeout if timeout is None else timeout):
            while True:
                try:
                    connection = super().getconn(remaining())
                except PoolTimeout:
                    raise PoolTimeout("no connection in time") from Connection.failure
                try:
                    self.check_connection(connection)
                except psycopg.Error:
                    # At once to the next one. The pool's own check would sleep a second first, and
                    # after a restart of the server every idle connection fails it.
                    connection.close()
                    self.putconn(connection)
                else:
                    return connection
