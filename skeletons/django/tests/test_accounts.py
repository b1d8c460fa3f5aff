import json
import re
from typing import Any
from uuid import UUID
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client, override_settings

from config.wsgi import application
from ledger.models import MAX_BALANCE, Account

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def post(client: Client, body: str, content_type: str = "application/json") -> Any:
    return client.generic("POST", "/accounts", body, content_type)


def problem(response: Any, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    content: dict[str, object] = json.loads(response.content)
    assert content["status"] == status
    assert content["title"]
    return content


def test_create_and_read(client: Client) -> None:
    created = post(client, '{"owner": "Ada", "balance": 1000}')
    account = json.loads(created.content)

    assert created.status_code == 201
    assert created["Location"] == f"/accounts/{account['id']}"
    assert account["owner"] == "Ada"
    assert account["balance"] == 1000
    assert str(UUID(account["id"])) == account["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", account["created_at"])
    for id in (account["id"], account["id"].upper()):
        assert json.loads(client.get(f"/accounts/{id}").content) == account


def test_balance_defaults_to_zero(client: Client) -> None:
    assert json.loads(post(client, '{"owner": "Ada"}').content)["balance"] == 0


def test_rename(client: Client) -> None:
    account = Account.objects.create(owner="Ada", balance=5)
    path = f"/accounts/{account.id}"

    renamed = client.patch(path, {"owner": "Grace"}, "application/json")

    assert renamed.status_code == 200
    assert json.loads(renamed.content)["owner"] == "Grace"
    assert json.loads(renamed.content)["balance"] == 5
    assert json.loads(client.get(path).content) == json.loads(renamed.content)


def test_delete(client: Client) -> None:
    account = Account.objects.create(owner="Ada")

    assert client.delete(f"/accounts/{account.id}").status_code == 204
    problem(client.delete(f"/accounts/{account.id}"), 404)


def test_pages_hold_every_account_once(client: Client) -> None:
    made = {str(Account.objects.create(owner=f"{n}").id) for n in range(5)}
    seen: list[str] = []
    after = ""
    while True:
        page = json.loads(client.get(f"/accounts?limit=2{after}").content)
        seen += [account["id"] for account in page["accounts"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert seen == sorted(made)


def test_last_page_that_is_full_has_no_next(client: Client) -> None:
    for _ in range(2):
        Account.objects.create(owner="Ada")

    assert json.loads(client.get("/accounts?limit=2").content)["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (" ", "body"),
        ("{", "body"),
        ('{"owner": "Ada"} x', "body"),
        ('["Ada"]', "body"),
        ('{"owner": "Ada", "balance": NaN}', "body"),
        ('{"owner": "Ada", "balance": ' + "9" * 5000 + "}", "body"),
        ("[" * 100_000, "body"),
        ("{}", "owner"),
        ('{"owner": null}', "owner"),
        ('{"owner": 5}', "owner"),
        ('{"owner": ""}', "owner"),
        ('{"owner": " \\t\\u3000"}', "owner"),
        ('{"owner": "A\\u0000"}', "owner"),
        ('{"owner": "\\ud800"}', "owner"),
        ('{"owner": "' + "é" * 101 + '"}', "owner"),
        ('{"owner": "Ada", "OWNER": "Ada"}', "OWNER"),
        ('{"owner": "Ada", "id": "x"}', "id"),
        ('{"owner": "Ada", "balance": null}', "balance"),
        ('{"owner": "Ada", "balance": true}', "balance"),
        ('{"owner": "Ada", "balance": "5"}', "balance"),
        ('{"owner": "Ada", "balance": 1.5}', "balance"),
        ('{"owner": "Ada", "balance": -1}', "balance"),
        (f'{{"owner": "Ada", "balance": {MAX_BALANCE + 1}}}', "balance"),
    ],
)
def test_invalid_body(client: Client, body: str, field: str) -> None:
    errors = problem(post(client, body), 400)["errors"]

    assert isinstance(errors, list)
    assert [error["field"] for error in errors] == [field]
    assert Account.objects.count() == 0


@pytest.mark.parametrize("owner", ["é" * 100, "😀" * 100, " Ada ", "\x1c", "\u200b", "e\u0301"])
def test_owner_is_stored_as_sent(client: Client, owner: str) -> None:
    created = post(client, json.dumps({"owner": owner}))

    assert created.status_code == 201
    assert json.loads(created.content)["owner"] == owner


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=٣", "after=x", "after="]
)
def test_invalid_page(client: Client, query: str) -> None:
    assert problem(client.get(f"/accounts?{query}"), 400)["errors"]


@pytest.mark.parametrize(
    "id", [UNKNOWN, "x", UNKNOWN.replace("-", ""), "{" + UNKNOWN + "}", UNKNOWN + "%0A", "%00"]
)
def test_unknown_account(client: Client, id: str) -> None:
    problem(client.get(f"/accounts/{id}"), 404)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json-patch+json"])
def test_not_json(client: Client, content_type: str) -> None:
    problem(post(client, "{", content_type), 415)


def test_media_type_that_django_cannot_read() -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/accounts", "CONTENT_TYPE": "a; b*=c'd'e"}
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "testserver"
    statuses: list[str] = []

    application(environ, lambda status, headers: statuses.append(status))

    assert statuses == ["415 Unsupported Media Type"]


def test_too_large(client: Client) -> None:
    body = '{"owner": "Ada"}'

    assert post(client, body + " " * (1024 * 1024 - len(body))).status_code == 201
    problem(post(client, "{" + " " * 1024 * 1024), 413)


@pytest.mark.parametrize("debug", [True, False])
def test_framework_errors_are_problems(client: Client, debug: bool) -> None:
    with override_settings(DEBUG=debug):
        problem(client.get("/nowhere"), 404)
        not_allowed = client.put("/accounts")
        problem(not_allowed, 405)
        assert not_allowed["Allow"] == "GET, POST, HEAD, OPTIONS"
        assert problem(client.get("/accounts", headers={"host": "evil.example"}), 400)["errors"]


def test_liveness_is_answered_whatever_the_host(client: Client) -> None:
    assert json.loads(client.get("/healthz", headers={"host": "10.0.0.7"}).content) == {
        "status": "ok"
    }
