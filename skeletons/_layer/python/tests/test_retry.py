from time import monotonic

import pytest

from database.deadline import remaining, within
from database.retry import OutcomeUnknown, Unavailable, is_ambiguous, retry


class Refused(Exception):
    """As a driver raises it."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


class Attempt:
    """Raises the errors that it was given, one in each run."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def unavailable(sqlstate: str | None = None) -> Unavailable:
    """As the pool raises it."""
    error = Unavailable()
    error.__cause__ = Refused(sqlstate)
    return error


def test_serialization_failures_run_it_again() -> None:
    attempt = Attempt(Refused("40001"), unavailable("40001"))

    assert retry(attempt, max_retries=10, idempotent=False) == "done"
    assert attempt.runs == 3


def test_retries_are_limited() -> None:
    attempt = Attempt(*[unavailable("40001") for _ in range(5)])

    with pytest.raises(Unavailable):
        retry(attempt, max_retries=2, idempotent=False)
    assert attempt.runs == 3


def test_retries_end_at_the_deadline() -> None:
    attempt = Attempt(*[unavailable("40001") for _ in range(1000)])
    start = monotonic()

    with within(0.3), pytest.raises(Unavailable):
        retry(attempt, max_retries=1000, idempotent=False)

    assert monotonic() - start < 1
    assert 1 <= attempt.runs < 1000


@pytest.mark.parametrize("error", [Refused("23514"), unavailable(), unavailable("57014")])
def test_other_errors_are_not_retried(error: Exception) -> None:
    attempt = Attempt(error)

    with pytest.raises(type(error)):
        retry(attempt, max_retries=10, idempotent=True)
    assert attempt.runs == 1


@pytest.mark.parametrize("idempotent", [True, False])
def test_duplicate_key(idempotent: bool) -> None:
    attempt = Attempt(Refused("23505"))

    if idempotent:
        assert retry(attempt, max_retries=0, idempotent=True) == "done"
    else:
        with pytest.raises(Refused):
            retry(attempt, max_retries=10, idempotent=False)
    assert attempt.runs == (2 if idempotent else 1)


def test_duplicate_key_that_is_not_its_own() -> None:
    attempt = Attempt(Refused("23505"), Refused("23505"))

    with pytest.raises(Refused):
        retry(attempt, max_retries=10, idempotent=True)
    assert attempt.runs == 2


def test_unknown_outcome() -> None:
    attempt = Attempt(OutcomeUnknown())

    with pytest.raises(OutcomeUnknown):
        retry(attempt, max_retries=10, idempotent=False)
    assert attempt.runs == 1


def test_unknown_outcome_of_idempotent_work() -> None:
    assert retry(Attempt(OutcomeUnknown()), max_retries=10, idempotent=True) == "done"


@pytest.mark.parametrize("second", [OutcomeUnknown(), unavailable(), Refused("23514")])
def test_unknown_outcome_stays_unknown(second: Exception) -> None:
    attempt = Attempt(OutcomeUnknown(), second)

    with pytest.raises(OutcomeUnknown):
        retry(attempt, max_retries=10, idempotent=True)
    assert attempt.runs == 2


def test_answer_of_the_second_run_stands() -> None:
    class Refusal(Exception):
        pass

    attempt = Attempt(OutcomeUnknown(), Refusal())

    with pytest.raises(Refusal):
        retry(attempt, max_retries=10, idempotent=True)
    assert attempt.runs == 2


@pytest.mark.parametrize(
    ("state", "ambiguous"),
    [(None, True), ("08006", True), ("57P01", True), ("40003", True), ("40001", False)],
)
def test_which_commits_are_ambiguous(state: str | None, ambiguous: bool) -> None:
    assert is_ambiguous(state) is ambiguous


def test_deadlines_nest() -> None:
    with within(1):
        with within(60):
            assert remaining() <= 1
        with within(0):
            assert remaining() == 0
        assert remaining() > 0
    assert remaining() > 60
