from collections.abc import Callable
from time import monotonic

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from database.base import DatabaseWrapper
from database.connection import Connection
from database.deadline import remaining, within
from database.errors import describe, sqlstate
from database.transaction import OutcomeUnknown, run_transaction
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
def commits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the next COMMITs fail before the server sees them."""

    def fail(*errors: psycopg.Error) -> None:
        left, commit = list(errors), DatabaseWrapper._commit

        def _commit(self: DatabaseWrapper) -> None:
            if left:
                raise OperationalError from left.pop(0)
            commit(self)

        monkeypatch.setattr(DatabaseWrapper, "_commit", _commit)

    return fail


def test_serialization_failures_run_it_again() -> None:
    work = Work(psycopg.errors.SerializationFailure(), psycopg.errors.SerializationFailure())

    assert run_transaction(work) == "done"
    assert work.runs == 3
    assert Account.objects.count() == 1


def test_serialization_failure_at_commit(commits: Callable[..., None]) -> None:
    commits(psycopg.errors.SerializationFailure())
    work = Work()

    assert run_transaction(work) == "done"
    assert work.runs == 2
    assert Account.objects.count() == 1


def test_retries_are_limited() -> None:
    connection.settings_dict["MAX_RETRIES"], limit = 2, connection.settings_dict["MAX_RETRIES"]
    try:
        work = Work(*[psycopg.errors.SerializationFailure() for _ in range(5)])
        with pytest.raises(OperationalError) as raised:
            run_transaction(work)
    finally:
        connection.settings_dict["MAX_RETRIES"] = limit

    assert work.runs == 3
    assert sqlstate(raised.value) == "40001"


def test_retries_end_at_the_deadline() -> None:
    work = Work(*[psycopg.errors.SerializationFailure() for _ in range(100)])
    start = monotonic()

    with within(0.3), pytest.raises(OperationalError):
        run_transaction(work)

    assert monotonic() - start < 1
    assert 1 <= work.runs < 100


def test_other_errors_are_not_retried() -> None:
    work = Work(psycopg.errors.QueryCanceled())

    with pytest.raises(OperationalError):
        run_transaction(work)
    assert work.runs == 1


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError(), psycopg.errors.StatementCompletionUnknown()]
)
def test_unknown_outcome(commits: Callable[..., None], error: psycopg.Error) -> None:
    commits(error)
    work = Work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(work)
    assert work.runs == 1


def test_unknown_outcome_of_idempotent_work(commits: Callable[..., None]) -> None:
    commits(psycopg.OperationalError())
    work = Work()

    assert run_transaction(work, idempotent=True) == "done"
    assert work.runs == 2


def test_unknown_outcome_twice(commits: Callable[..., None]) -> None:
    commits(psycopg.OperationalError(), psycopg.OperationalError())
    work = Work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(work, idempotent=True)
    assert work.runs == 2


def test_unknown_outcome_stays_unknown(commits: Callable[..., None]) -> None:
    commits(psycopg.OperationalError())
    work = Work()
    work.errors = [psycopg.errors.QueryCanceled()]
    first = work.errors.pop()

    def fails_the_second_time() -> str:
        if work.runs == 1:
            work.errors.append(first)
        return work()

    with pytest.raises(OutcomeUnknown):
        run_transaction(fails_the_second_time, idempotent=True)
    assert work.runs == 2


def test_connection_lost_before_commit_is_no_unknown_outcome() -> None:
    def work() -> None:
        Account.objects.create(owner="Ada")
        connection.connection.pgconn.finish()
        Account.objects.create(owner="Bob")

    with pytest.raises(OperationalError):
        run_transaction(work)
    assert Account.objects.count() == 0


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


def test_deadlines_nest() -> None:
    with within(1):
        with within(60):
            assert remaining() <= 1
        with within(0):
            assert remaining() == 0
        assert remaining() > 0
    assert remaining() > 60


def test_dead_connections_are_replaced() -> None:
    pool = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's have it
    held = [pool.getconn() for _ in range(3)]
    for dead in held:
        dead.pgconn.finish()
        pool.putconn(dead)

    assert Account.objects.count() == 0


def test_failure_to_connect_is_described() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        Connection.connect("host=127.0.0.1 port=1 connect_timeout=2")

    assert "\n" not in describe(raised.value)
    assert sqlstate(raised.value) is None
