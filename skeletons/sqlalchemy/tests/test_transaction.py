from collections.abc import Callable
from time import sleep
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import DivisionByZero, SerializationFailure, StatementCompletionUnknown
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from database.connection import Connection
from database.deadline import within
from database.pool import Pool
from database.retry import OutcomeUnknown, Unavailable
from database.transaction import ErrorSwallowed, read, run_transaction
from ledger.entities import Account
from tests import database
from tests.test_pool import break_off, driver_connection


def insert(session: Session) -> UUID:
    account = Account(owner="Ada")
    session.add(account)
    session.flush()
    return account.id


class Work:
    """Adds an account, then raises the errors that it was given, one in each run."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self, session: Session) -> str:
        self.runs += 1
        insert(session)
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
    ids = [run_transaction(pool, insert, max_retries=10) for _ in range(2)]
    runs = 0
    met = False  # the database may also end a run for reasons of its own

    def count(session: Session) -> int:
        return session.scalars(select(func.sum(Account.balance))).one()

    def write(session: Session, id: UUID) -> None:
        balance = count(session) + 1
        session.execute(update(Account).where(Account.id == id).values(balance=balance))

    def work(session: Session) -> None:
        nonlocal runs, met
        runs += 1
        count(session)
        if not met:
            run_transaction(pool, lambda other: write(other, ids[0]), max_retries=10)
            met = True
        write(session, ids[1])

    run_transaction(pool, work, max_retries=10)

    assert read(pool, count, max_retries=10) == 1 + 2
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
    def work(session: Session) -> None:
        insert(session)
        break_off(driver_connection(session))
        session.add(Account(owner="Bob"))  # for the flush that precedes COMMIT

    with pytest.raises(Unavailable):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0


def test_no_commit_without_time_for_its_answer(pool: Pool) -> None:
    def work(session: Session) -> None:
        insert(session)
        sleep(0.3)

    with within(0.2), pytest.raises(Unavailable):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0


def test_read_is_run_again(pool: Pool) -> None:
    work = Work(SerializationFailure())

    assert read(pool, work, max_retries=10) == "done"
    assert work.runs == 2


def test_swallowed_error_does_not_look_like_a_commit(pool: Pool) -> None:
    def work(session: Session) -> None:
        insert(session)
        with pytest.raises(DataError) as raised:
            session.execute(text("SELECT 1/0"))
        assert isinstance(raised.value.orig, DivisionByZero)

    with pytest.raises(ErrorSwallowed):
        run_transaction(pool, work, max_retries=10)
    assert database.number(pool, "accounts") == 0
