"""What the application answers when nothing, or everything, is wrong with it."""

from time import monotonic, sleep
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from api import health
from api.app import create_app
from database.deadline import remaining
from database.retry import OutcomeUnknown, Unavailable
from ledger.store import Store
from tests.answers import UNKNOWN, problem


class Broken:
    """A store and a pool that fail, or take their time."""

    def __init__(self, error: Exception | None = None, seconds: float = 0) -> None:
        self.error = error
        self.seconds = seconds
        self.pings = 0
        self.closed = False
        self.remaining = 0.0

    def transfer(self, id: object) -> None:
        self.remaining = remaining()
        if self.error:
            raise self.error

    def ping(self) -> None:
        self.pings += 1
        sleep(self.seconds)
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed = True


def open_client(broken: Broken) -> TestClient:
    app = create_app(cast(Store, broken), cast(Any, broken), title="app", timeout_s=10, threads=40)
    return TestClient(app)


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/accounts", "GET, POST"),
        (f"/accounts/{UNKNOWN}", "DELETE, GET, PATCH"),
        ("/transfers", "POST"),
        ("/healthz", "GET"),
    ],
)
def test_unknown_method(path: str, allow: str) -> None:
    answer = open_client(Broken()).put(path)

    problem(answer, 405)
    assert answer.headers["Allow"] == allow


def test_unknown_path() -> None:
    client = open_client(Broken())

    problem(client.get("/nowhere"), 404)
    problem(client.get("/accounts/"), 404)


def test_deadline_of_a_request_reaches_the_database() -> None:
    broken = Broken(Unavailable())
    client = open_client(broken)

    for _ in range(2):
        client.get(f"/transfers/{UNKNOWN}")
        assert 9 < broken.remaining <= 10


def test_errors_become_problems() -> None:
    for error, type, retry_after in [
        (Unavailable(), "about:blank", "1"),
        (OutcomeUnknown(), "urn:problem:outcome-unknown", None),
    ]:
        answer = open_client(Broken(error)).get(f"/transfers/{UNKNOWN}")
        assert problem(answer, 503)["type"] == type
        assert answer.headers.get("Retry-After") == retry_after


def test_unexpected_error_is_for_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    answer = open_client(Broken(RuntimeError("inside"))).get(f"/transfers/{UNKNOWN}")

    problem(answer, 500)
    assert "inside" not in answer.text
    assert "inside" in caplog.text


def test_probes() -> None:
    with open_client(Broken()) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}
    with open_client(Broken(Unavailable())) as client:
        assert client.get("/healthz").status_code == 200
        problem(client.get("/readyz"), 503)


def test_probes_share_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WAIT_S", 0.05)
    broken = Broken(seconds=0.5)
    start = monotonic()
    with open_client(broken) as client:
        for _ in range(3):
            problem(client.get("/readyz"), 503)

        assert monotonic() - start < 0.5
        sleep(0.6)  # for those that would have queued
    assert broken.pings == 1


def test_server_that_stops_closes_the_pool() -> None:
    broken = Broken()
    with open_client(broken):
        assert not broken.closed
    assert broken.closed
