import json
import re
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from database.pool import Pool
from ledger.models import MAX_BALANCE
from ledger.store import Store
from tests import database
from tests.answers import UNKNOWN, problem


def post(client: TestClient, body: str, content_type: str = "application/json") -> Any:
    headers = {"Content-Type": content_type} if content_type else {}
    return client.post("/accounts", content=body.encode(), headers=headers)


def test_create_and_read(client: TestClient) -> None:
    created = post(client, '{"owner": "Ada", "balance": 1000}')
    account = created.json()

    assert created.status_code == 201
    assert created.headers["Location"] == f"/accounts/{account['id']}"
    assert account["owner"] == "Ada"
    assert account["balance"] == 1000
    assert str(UUID(account["id"])) == account["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", account["created_at"])
    for id in (account["id"], account["id"].upper()):
        assert client.get(f"/accounts/{id}").json() == account


def test_balance_defaults_to_zero(client: TestClient) -> None:
    assert post(client, '{"owner": "Ada"}').json()["balance"] == 0


def test_rename(client: TestClient, store: Store) -> None:
    path = f"/accounts/{store.create_account('Ada', 5).id}"

    renamed = client.patch(path, json={"owner": "Grace"})

    assert renamed.status_code == 200
    assert renamed.json()["owner"] == "Grace"
    assert renamed.json()["balance"] == 5
    assert client.get(path).json() == renamed.json()


def test_delete(client: TestClient, store: Store) -> None:
    path = f"/accounts/{store.create_account('Ada', 0).id}"

    assert client.delete(path).status_code == 204
    problem(client.delete(path), 404)


def test_pages_hold_every_account_once(client: TestClient, store: Store) -> None:
    made = {str(store.create_account(f"{n}", 0).id) for n in range(5)}
    seen: list[str] = []
    after = ""
    while True:
        page = client.get(f"/accounts?limit=2{after}").json()
        seen += [account["id"] for account in page["accounts"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert seen == sorted(made)


def test_last_page_that_is_full_has_no_next(client: TestClient, store: Store) -> None:
    for _ in range(2):
        store.create_account("Ada", 0)

    assert client.get("/accounts?limit=2").json()["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
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
def test_invalid_body(client: TestClient, pool: Pool, body: str, field: str) -> None:
    errors = problem(post(client, body), 400)["errors"]

    assert [error["field"] for error in errors] == [field]
    assert database.number(pool, "accounts") == 0


def test_field_whose_name_is_no_unicode(client: TestClient) -> None:
    assert problem(post(client, '{"owner": "Ada", "x\\ud800": 1}'), 400)["errors"]


@pytest.mark.parametrize("owner", ["é" * 100, "😀" * 100, " Ada ", "\x1c", "\u200b", "e\u0301"])
def test_owner_is_stored_as_sent(client: TestClient, owner: str) -> None:
    created = post(client, json.dumps({"owner": owner}))

    assert created.status_code == 201
    assert created.json()["owner"] == owner


def test_what_is_stored_is_shown(client: TestClient, store: Store) -> None:
    id = store.create_account("", 0).id

    assert client.get(f"/accounts/{id}").json()["owner"] == ""


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=5_0", "limit=٣", "after=x", "after="]
)
def test_invalid_page(client: TestClient, query: str) -> None:
    assert problem(client.get(f"/accounts?{query}"), 400)["errors"]


@pytest.mark.parametrize("id", [UNKNOWN, "x", "%00"])
def test_unknown_account(client: TestClient, id: str) -> None:
    problem(client.get(f"/accounts/{id}"), 404)


def test_what_is_not_quite_an_id(client: TestClient, store: Store) -> None:
    id = str(store.create_account("Ada", 0).id)

    for other in (id.replace("-", ""), "{" + id + "}", "urn:uuid:" + id, id + "%0A"):
        problem(client.get(f"/accounts/{other}"), 404)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json-patch+json"])
def test_not_json(client: TestClient, content_type: str) -> None:
    problem(post(client, "{", content_type), 415)


def test_too_large(client: TestClient) -> None:
    body = '{"owner": "Ada"}'

    assert post(client, body + " " * (1024 * 1024 - len(body))).status_code == 201
    problem(post(client, "{" + " " * 1024 * 1024), 413)
