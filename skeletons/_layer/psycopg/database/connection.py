"""psycopg's connection, made to keep deadlines."""

import math
from typing import Any, ClassVar, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from database.deadline import remaining
from database.url import parameters

T = TypeVar("T")


def read_url(url: str, *, application_name: str, ca_file: str) -> dict[str, str]:
    """libpq's parameters. Raises database.url.InvalidURL."""
    return parameters(url, conninfo_to_dict, application_name=application_name, ca_file=ca_file)


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
