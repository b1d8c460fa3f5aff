from collections.abc import Callable
from time import sleep
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import DivisionByZero, SerializationFailure, StatementCompletionUnknown

from database.connection import Connection
from database.deadline import within
from database.pool import Pool
from database.retry import OutcomeUnknown, Unavailable
from database.transaction import ErrorSwallowed, read, run_transaction
from tests import database


def insert(connection: Connection) -> UUID:
    row = connection.execute("INSERT INTO accounts (owner) VALUES ('Ada') RETURNING id").fetchone()
    assert row is not None
    id: UUID = row[0]
    return id


class Work:
    """Adds an account, then raises the errors that it was given, one in each run."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self, connection: Connection) -> str:
        self.runs += 1
        insert(connection)
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def fail_commits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the next COMMITs fail before the server sees them."""

    def fail(*errors: psycopg.Error) -> None:
        left, execute = list(errors), Connection._exec_command

        def _exec_command(self: Connection, command: Any, *args: Any, **kwargs: Any) -> Any:
            if left and command == b"COMMIT":
                raise left.pop(0)
            return execute(self, command, *args, **kwargs)

        monkeypatch.setattr(Connection, "_exec_command", _exec_command)

    return fail


def test_failed_run_is_rolled_back_and_run_again(pool: Pool) -> None:
    work = Work(SerializationFailure(), SerializationFailure())

    assert run_transaction(pool, work, max_retries=10) == "done"
    assert work.runs == 3
    assert database.number(pool, "accounts") == 1


def test_serialization_failure_at_commit(pool: Pool, fail_commits: Callable[..., None]) -> None:
    fail_commits(SerializationFailure())
    work = Work()

    assert run_transaction(pool, work, max_retries=10) == "done"
    assert work.runs == 2
    assert database.number(pool, "accounts") == 1


def test_real_conflict(pool: Pool) -> None:
    """Two transactions read what the other writes: one of them must be run again."""
    with pool.connection() as connection:
        ids = [insert(connection), insert(connection)]
    runs = 0
    met = False  # the database may also end a run for reasons of its own

    def count(connection: Connection) -> int:
        rows = connection.execute("SELECT balance FROM accounts").fetchall()
        return sum(balance for (balance,) in rows)

    def write(connection: Connection, id: UUID) -> None:
        balance = count(connection) + 1
        connection.execute("UPDATE accounts SET balance = %s WHERE id = %s", (balance, id))

    def work(connection: Connection) -> None:
        nonlocal runs, met
        runs += 1
        count(connection)
        if not met:
            run_transaction(pool, lambda other: write(other, ids[0]), max_retries=10)
            met = True
        write(connection, ids[1])

    run_transaction(pool, work, max_retries=10)

    with pool.connection() as connection:
        assert count(connection) == 1 + 2
    assert runs > 1


@pytest.mark.parametrize("error", [psycopg.OperationalError(), StatementCompletionUnknown()])
def test_unknown_outcome(
    pool: Pool, fail_commits: Callable[..., None], error: psycopg.Error
) -> None:
    fail_commits(error)
    work = Work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(pool, work, max_retries=10)
    assert work.runs == 1


def test_unknown_outcome_of_idempotent_work(pool: Pool, fail_commits: Callable[..., None]) -> None:
    fail_commits(psycopg.OperationalError())
    work = Work()

    assert run_transaction(pool, work, max_retries=10, idempotent=True) == "done"
    assert work.runs == 2


def test_connection_lost_before_commit_is_no_unknown_outcome(pool: Pool) -> None:
    def work(connection: Connection) -> None:
        insert(connection)
        connection.pgconn.finish()
        insert(connection)

    with pytest.raises(Unavailable):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0


def test_no_commit_without_time_for_its_answer(pool: Pool) -> None:
    def work(connection: Connection) -> None:
        insert(connection)
        sleep(0.3)

    with within(0.2), pytest.raises(Unavailable):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0


def test_read_is_run_again(pool: Pool) -> None:
    work = Work(SerializationFailure())

    assert read(pool, work, max_retries=10) == "done"
    assert work.runs == 2


def test_swallowed_error_does_not_look_like_a_commit(pool: Pool) -> None:
    def work(connection: Connection) -> None:
        insert(connection)
        with pytest.raises(DivisionByZero):
            connection.execute("SELECT 1/0")

    with pytest.raises(ErrorSwallowed):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0
