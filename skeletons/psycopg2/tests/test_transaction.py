from collections.abc import Callable
from functools import partial
from time import sleep
from typing import ClassVar
from uuid import UUID

import psycopg2
import pytest
from psycopg2 import errors, extensions

from database.connection import Connection
from database.deadline import within
from database.pool import Pool
from database.retry import OutcomeUnknown, Unavailable
from database.transaction import ErrorSwallowed, read, run_transaction
from tests import database
from tests.test_pool import break_off


def insert(connection: Connection) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts (owner) VALUES ('Ada') RETURNING id")
        [(id,)] = cursor.fetchall()
    assert isinstance(id, UUID)
    return id


# One that no server sent has no SQLSTATE.
class SerializationFailure(errors.SerializationFailure):
    pgcode = "40001"


class StatementCompletionUnknown(errors.StatementCompletionUnknown):
    pgcode = "40003"


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


class FailingConnection(extensions.connection):
    errors: ClassVar[list[psycopg2.Error]] = []

    def commit(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        super().commit()


@pytest.fixture
def fail_commits(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the next COMMITs fail before the server sees them."""

    def fail(*errors: psycopg2.Error) -> None:
        monkeypatch.setattr(FailingConnection, "errors", list(errors))
        connect = partial(psycopg2.connect, connection_factory=FailingConnection)
        monkeypatch.setattr(psycopg2, "connect", connect)
        with pool.connection() as connection:
            connection.close()  # the one idle connection: the next will be a failing one

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
        with connection.cursor() as cursor:
            cursor.execute("SELECT balance FROM accounts")
            return sum(balance for (balance,) in cursor.fetchall())

    def write(connection: Connection, id: UUID) -> None:
        balance = count(connection) + 1
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts SET balance = %s WHERE id = %s", (balance, id))

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


@pytest.mark.parametrize("error", [psycopg2.OperationalError(), StatementCompletionUnknown()])
def test_unknown_outcome(
    pool: Pool, fail_commits: Callable[..., None], error: psycopg2.Error
) -> None:
    fail_commits(error)
    work = Work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(pool, work, max_retries=10)
    assert work.runs == 1


def test_unknown_outcome_of_idempotent_work(pool: Pool, fail_commits: Callable[..., None]) -> None:
    fail_commits(psycopg2.OperationalError())
    work = Work()

    assert run_transaction(pool, work, max_retries=10, idempotent=True) == "done"
    assert work.runs == 2


def test_connection_lost_before_commit_is_no_unknown_outcome(pool: Pool) -> None:
    def work(connection: Connection) -> None:
        insert(connection)
        break_off(connection)
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
        with pytest.raises(errors.DivisionByZero), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    with pytest.raises(ErrorSwallowed):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0
