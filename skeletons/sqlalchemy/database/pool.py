"""The engine for CockroachDB, on psycopg 3, and the sessions that it lends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Self

import sqlalchemy
from psycopg.abc import PQGenConn
from psycopg.crdb import CrdbConnection
from psycopg.errors import ConnectionTimeout
from sqlalchemy import Engine, ExceptionContext, create_engine, event, exc, select
from sqlalchemy.orm import Session

from database.connection import Connection
from database.deadline import remaining, within
from database.retry import Unavailable

__all__ = ["CockroachConnection", "Pool", "open_engine"]

POOL_TIMEOUT_S = 3
POOL_LIFETIME_S = 300


class CockroachConnection(Connection, CrdbConnection[Any]):
    """psycopg.crdb's, with our deadlines."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        # connect_timeout is whole seconds, two at least. psycopg looks in here every 0.1 s.
        connecting = super()._connect_gen(conninfo)
        waiting = next(connecting)
        while True:
            ready = yield waiting
            if not remaining():
                connecting.close()
                raise ConnectionTimeout("no connection in time")
            try:
                waiting = connecting.send(ready)
            except StopIteration as done:
                connection: Self = done.value
                return connection


def open_engine(parameters: Mapping[str, str], **options: Any) -> Engine:
    """An engine has no connection before it is asked for one."""
    engine = create_engine(
        # Names the dialect alone: libpq's own reader has read the URL, and checked it.
        "cockroachdb+psycopg://",
        connect_args={**parameters},
        # Errors are logged with their SQL, but not with what clients sent.
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine, "do_connect")
    def connect(
        dialect: object, record: object, arguments: list[Any], parameters: dict[str, Any]
    ) -> CockroachConnection:
        return CockroachConnection.connect(*arguments, **parameters)

    @event.listens_for(engine, "handle_error")
    def keep_idle_ones(context: ExceptionContext) -> None:
        if not remaining():
            # A deadline closed this connection, which says nothing about the others.
            context.invalidate_pool_on_disconnect = False

    return engine


class Pool:
    """Opens without a connection: the database may be down."""

    def __init__(self, parameters: Mapping[str, str], *, max_size: int) -> None:
        self._engine = open_engine(
            parameters,
            pool_size=max_size,
            max_overflow=0,
            pool_recycle=POOL_LIFETIME_S,
            pool_pre_ping=True,
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        # The engine's pool waits as long for all. A request has its own time left.
        self._places = BoundedSemaphore(max_size)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """For reading: each statement is a transaction, and CockroachDB itself runs it again."""
        with self._lend(self._reading) as connection, Session(connection) as session:
            yield session

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction, from BEGIN to COMMIT. database.transaction runs it again."""
        with (
            self._lend(self._engine) as connection,
            Session(connection) as session,
            session.begin(),
        ):
            yield session

    def ping(self) -> None:
        with self.session() as session:
            session.execute(select(1))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _lend(self, engine: Engine) -> Iterator[sqlalchemy.Connection]:
        """What breaks a connection, or keeps it from answering, becomes Unavailable."""
        try:
            connection = self._take(engine)
            try:
                with connection:
                    yield connection
            finally:
                self._places.release()
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            raise Unavailable from error

    def _take(self, engine: Engine) -> sqlalchemy.Connection:
        """One that has just answered, in the pool's timeout and the caller's deadline."""
        with within(POOL_TIMEOUT_S):
            if not self._places.acquire(timeout=remaining()):
                raise exc.TimeoutError("no connection in time") from Connection.failure
            try:
                return engine.connect()
            except BaseException:
                self._places.release()
                raise
