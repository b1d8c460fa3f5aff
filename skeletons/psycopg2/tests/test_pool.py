import os
import socket
from time import monotonic, sleep

import psycopg2
import pytest

from database import pool as pools
from database.connection import Connection, connect
from database.deadline import within
from database.errors import describe, sqlstate
from database.pool import Pool
from database.retry import Unavailable


def break_off(connection: Connection) -> None:
    """As a server that is gone."""
    with socket.socket(fileno=os.dup(connection.fileno())) as its_socket:
        its_socket.shutdown(socket.SHUT_RDWR)


def test_connections_are_kept(pool: Pool) -> None:
    with pool.connection() as first:
        pass
    with pool.connection() as second:
        assert second is first


def test_old_connections_are_not(
    parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "POOL_LIFETIME_S", 0.05)
    young = Pool(parameters, max_size=1)
    with young.connection() as first:
        pass
    sleep(0.1)
    with young.connection() as second:
        assert second is not first
    assert first.closed
    young.close()


def test_open_transaction_is_not_handed_on(pool: Pool) -> None:
    with pool.connection() as first:
        first.autocommit = False
        with first.cursor() as cursor:
            cursor.execute("SELECT 1")

    assert first.closed
    pool.ping()


def test_statement_ends_at_the_deadline(pool: Pool) -> None:
    start = monotonic()

    with (
        within(0.3),
        pytest.raises(Unavailable),
        pool.connection() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(2)")

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
    pool = Pool({"host": "127.0.0.1", "port": "1", "dbname": "x"}, max_size=1)

    for _ in range(2):  # the first must give its place back
        start = monotonic()
        with pytest.raises(Unavailable) as raised:
            pool.ping()
        assert monotonic() - start < 4
        assert "refused" in describe(raised.value)
        assert sqlstate(raised.value) is None


def test_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        start = monotonic()
        with pytest.raises(psycopg2.OperationalError, match="no answer in time"):
            connect({"host": host, "port": str(port), "dbname": "x", "connect_timeout": "1"})

    assert monotonic() - start < 2


def test_failure_to_connect_is_one_line() -> None:
    with pytest.raises(psycopg2.OperationalError) as raised:
        connect({"host": "127.0.0.1", "port": "1", "dbname": "x"})

    assert "\n" not in describe(raised.value)


def test_closed_pool_keeps_no_connection(parameters: dict[str, str]) -> None:
    pool = Pool(parameters, max_size=2)
    with pool.connection() as lent:
        with pool.connection() as idle:
            pass
        pool.close()
        assert idle.closed
        assert not lent.closed
    assert lent.closed
