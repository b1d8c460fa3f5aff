import os
import socket
from time import monotonic
from typing import Any

import pytest
from psycopg.crdb import CrdbConnection
from sqlalchemy import text
from sqlalchemy.orm import Session

from database.deadline import within
from database.errors import describe, sqlstate
from database.pool import Pool
from database.retry import Unavailable


def driver_connection(session: Session) -> Any:
    return session.connection().connection.driver_connection


def break_off(connection: Any) -> None:
    """As a server that is gone."""
    with socket.socket(fileno=os.dup(connection.fileno())) as its_socket:
        its_socket.shutdown(socket.SHUT_RDWR)


def test_connections_are_psycopg_crdbs(pool: Pool) -> None:
    with pool.session() as session:
        assert isinstance(driver_connection(session), CrdbConnection)


def test_reading_begins_no_transaction(pool: Pool) -> None:
    with pool.session() as session:
        session.execute(text("SELECT 1"))
        assert driver_connection(session).info.transaction_status.name == "IDLE"
    with pool.begin() as session:
        session.execute(text("SELECT 1"))
        assert driver_connection(session).info.transaction_status.name == "INTRANS"


def test_statement_ends_at_the_deadline(pool: Pool) -> None:
    with pool.session() as slow, pool.session() as other:
        connections = [driver_connection(slow), driver_connection(other)]
    start = monotonic()

    with within(0.3), pytest.raises(Unavailable), pool.session() as session:
        session.execute(text("SELECT pg_sleep(2)"))

    assert monotonic() - start < 1
    pool.ping()
    assert [connection.closed for connection in connections].count(True) == 1


def test_wait_for_a_connection_ends_at_the_deadline(parameters: dict[str, str]) -> None:
    pool = Pool(parameters, max_size=1)
    start = monotonic()

    with pool.session(), within(0.3), pytest.raises(Unavailable), pool.session():
        pass

    assert monotonic() - start < 1
    pool.close()


def test_connecting_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        pool = Pool({"host": "127.0.0.1", "port": port, "dbname": "x"}, max_size=1)
        start = monotonic()

        with within(0.3), pytest.raises(Unavailable):
            pool.ping()

        assert monotonic() - start < 1


def test_dead_connections_are_replaced(pool: Pool) -> None:
    with pool.session() as one, pool.session() as two, pool.session():
        dead = [driver_connection(one), driver_connection(two)]
    for connection in dead:
        break_off(connection)

    for _ in range(3):
        pool.ping()
    assert all(connection.closed for connection in dead)


def test_no_database_is_unavailable() -> None:
    pool = Pool({"host": "127.0.0.1", "port": "1", "dbname": "x"}, max_size=1)

    for _ in range(2):  # the first must give its place back
        start = monotonic()
        with pytest.raises(Unavailable) as raised:
            pool.ping()
        assert monotonic() - start < 4
        assert "refused" in describe(raised.value)
        assert "\n" not in describe(raised.value)
        assert sqlstate(raised.value) is None


def test_errors_do_not_quote_what_was_sent(pool: Pool) -> None:
    with pytest.raises(Exception, match="division by zero") as raised, pool.session() as session:
        session.execute(text("SELECT 1/0, :owner"), {"owner": "Ada"})

    assert "Ada" not in str(raised.value)
