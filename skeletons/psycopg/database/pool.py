"""Connections to CockroachDB by psycopg 3, and the pool that lends them."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import Error, InterfaceError, OperationalError
from psycopg.crdb import CrdbConnection

from database.checked_pool import CheckedPool
from database.connection import Connection
from database.retry import Unavailable

__all__ = ["Connection", "Error", "Pool", "connect", "execute_one"]

POOL_TIMEOUT_S = 3
POOL_LIFETIME_S = 300

# Why there is no connection is said by whoever wants one, and only once.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class CockroachConnection(Connection, CrdbConnection[Any]):
    """psycopg.crdb's, which writes values as CockroachDB reads them, and with our deadlines."""


def connect(parameters: Mapping[str, str]) -> Connection:
    """A connection that begins no transaction by itself."""
    return CockroachConnection.connect(autocommit=True, **parameters)


def execute_one(connection: Connection, statement: str) -> None:
    """Executes a statement without arguments, and refuses a second one behind it."""
    # What is prepared is one statement; the server itself refuses more.
    connection.execute(statement, prepare=True)


class Pool(CheckedPool):
    """Opens without a connection: the database may be down."""

    def __init__(self, parameters: Mapping[str, str], *, max_size: int) -> None:
        super().__init__(
            kwargs={**parameters, "autocommit": True},
            connection_class=CockroachConnection,
            min_size=0,
            max_size=max_size,
            timeout=POOL_TIMEOUT_S,
            max_lifetime=POOL_LIFETIME_S,  # the pool subtracts up to 5 % of jitter
            # After a failure it connects when next asked to, not when a back-off has passed: the
            # first request after an outage would have to wait for that.
            reconnect_timeout=0,
            open=True,
        )

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """Lends a connection. What breaks it, or keeps it from answering, becomes Unavailable."""
        try:
            with super().connection(timeout) as lent:
                yield lent
        except (OperationalError, InterfaceError) as error:
            raise Unavailable from error

    def ping(self) -> None:
        with self.connection() as connection:
            connection.execute("SELECT 1")
