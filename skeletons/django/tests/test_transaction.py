import os
import socket
from collections.abc import Callable
from time import monotonic, sleep

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from database.base import DatabaseWrapper
from database.connection import Connection
from database.deadline import within
from database.errors import describe, sqlstate
from database.retry import OutcomeUnknown, Unavailable
from database.transaction import read, run_transaction
from ledger.models import Account

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    """Adds an account, then raises the errors that it was given, one in each run."""

    def __init__(self, *errors: psycopg.Error) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        Account.objects.create(owner="Ada")
        if self.errors:
            raise OperationalError from self.errors.pop(0)
        return "done"


@pytest.fixture
def fail_commits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the next COMMITs fail before the server sees them."""

    def fail(*errors: psycopg.Error) -> None:
        left, commit = list(errors), DatabaseWrapper._commit

        def _commit(self: DatabaseWrapper) -> None:
            if left:
                raise OperationalError from left.pop(0)
            commit(self)

        monkeypatch.setattr(DatabaseWrapper, "_commit", _commit)

    return fail


def test_failed_run_is_rolled_back_and_run_again() -> None:
    work = Work(psycopg.errors.SerializationFailure(), psycopg.errors.SerializationFailure())

    assert run_transaction(work) == "done"
    assert work.runs == 3
    assert Account.objects.count() == 1


def test_serialization_failure_at_commit(fail_commits: Callable[..., None]) -> None:
    fail_commits(psycopg.errors.SerializationFailure())
    work = Work()

    assert run_transaction(work) == "done"
    assert work.runs == 2
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError(), psycopg.errors.StatementCompletionUnknown()]
)
def test_unknown_outcome(fail_commits: Callable[..., None], error: psycopg.Error) -> None:
    fail_commits(error)
    work = Work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(work)
    assert work.runs == 1


def test_unknown_outcome_of_idempotent_work(fail_commits: Callable[..., None]) -> None:
    fail_commits(psycopg.OperationalError())
    work = Work()

    assert run_transaction(work, idempotent=True) == "done"
    assert work.runs == 2


def test_connection_lost_before_commit_is_no_unknown_outcome() -> None:
    def work() -> None:
        Account.objects.create(owner="Ada")
        connection.connection.pgconn.finish()
        Account.objects.create(owner="Bob")

    with pytest.raises(Unavailable):
        run_transaction(work)
    assert Account.objects.count() == 0


def test_no_commit_without_time_for_its_answer() -> None:
    def work() -> None:
        Account.objects.create(owner="Ada")
        sleep(0.3)

    with within(0.2), pytest.raises(Unavailable):
        run_transaction(work)
    assert Account.objects.count() == 0


def test_read_is_run_again() -> None:
    work = Work(psycopg.errors.SerializationFailure())

    assert read(work) == "done"
    assert work.runs == 2


def test_read_in_a_transaction_is_run_again_with_it() -> None:
    work = Work(psycopg.errors.SerializationFailure())

    assert run_transaction(lambda: read(work)) == "done"
    assert work.runs == 2
    assert Account.objects.count() == 1


def test_swallowed_error_does_not_look_like_a_commit() -> None:
    def work() -> None:
        Account.objects.create(owner="Ada")
        with pytest.raises(Exception, match="division by zero"):
            connection.cursor().execute("SELECT 1/0")

    with pytest.raises(TransactionManagementError):
        run_transaction(work)
    assert Account.objects.count() == 0


def test_refuses_to_be_nested() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        run_transaction(Work())


def test_statement_ends_at_the_deadline() -> None:
    start = monotonic()

    with within(0.3), pytest.raises(OperationalError):
        connection.cursor().execute("SELECT pg_sleep(2)")

    assert monotonic() - start < 1
    connection.close()
    assert Account.objects.count() == 0


def test_dead_connections_are_replaced() -> None:
    pool = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's have it
    held = [pool.getconn() for _ in range(3)]
    for idle in held:
        pool.putconn(idle)
        with socket.socket(fileno=os.dup(idle.fileno())) as its_socket:
            its_socket.shutdown(socket.SHUT_RDWR)  # as a server that is gone

    for _ in held:
        assert Account.objects.count() == 0
        connection.close()
    assert all(dead.closed for dead in held)


def test_failure_to_connect_is_described() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        Connection.connect("host=127.0.0.1 port=1 connect_timeout=2")

    assert "\n" not in describe(raised.value)
    assert sqlstate(raised.value) is None
