import os
import socket
from time import monotonic

import psycopg
import pytest
from psycopg.crdb import CrdbConnection

from database.connection import Connection
from database.deadline import within
from database.errors import describe, sqlstate
from database.pool import Pool
from database.retry import Unavailable


def break_off(connection: Connection) -> None:
    """As a server that is gone."""
    with socket.socket(fileno=os.dup(connection.fileno())) as its_socket:
        its_socket.shutdown(socket.SHUT_RDWR)


def test_connections_are_psycopg_crdbs(pool: Pool) -> None:
    with pool.connection() as connection:
        assert isinstance(connection, CrdbConnection)


def test_statement_ends_at_the_deadline(pool: Pool) -> None:
    start = monotonic()

    with pool.connection() as connection:
        with within(0.3), pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(2)")
        assert connection.closed  # or the late answer would be taken for that of the next

    assert monotonic() - start < 1
    pool.ping()


def test_wait_for_a_connection_ends_at_the_deadline(parameters: dict[str, str]) -> None:
    pool = Pool(parameters, max_size=1)
    start = monotonic()

    with pool.connection(), within(0.3), pytest.raises(Unavailable), pool.connection():
        pass

    assert monotonic() - start < 1
    pool.close()


def test_dead_connections_are_replaced(pool: Pool) -> None:
    with pool.connection() as one, pool.connection() as two, pool.connection():
        pass
    for dead in (one, two):
        break_off(dead)

    for _ in range(3):
        pool.ping()
    assert one.closed
    assert two.closed


def test_no_database_is_unavailable() -> None:
    start = monotonic()
    pool = Pool({"host": "127.0.0.1", "port": "1", "dbname": "x"}, max_size=1)

    with pytest.raises(Unavailable) as raised:
        pool.ping()

    assert monotonic() - start < 1  # it does not wait for what nobody brings
    assert "refused" in describe(raised.value)
    assert sqlstate(raised.value) is None
    pool.close()


def test_failure_to_connect_is_one_line() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        Connection.connect("host=127.0.0.1 port=1 connect_timeout=2")

    assert "\n" not in describe(raised.value)
