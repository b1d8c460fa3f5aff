import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from database.pool import Pool
from ledger.models import MAX_BALANCE
from ledger.store import Store
from tests import database
from tests.answers import UNKNOWN, problem


class Bank:
    """Accounts made without the API, and transfers made by it."""

    def __init__(self, client: TestClient, store: Store) -> None:
        self.client = client
        self.store = store

    def account(self, balance: int = 0) -> UUID:
        return self.store.create_account("Ada", balance).id

    def balance(self, id: UUID) -> int:
        return self.store.account(id).balance

    def send(self, source: Any, target: Any, amount: Any, key: str | None = None) -> Any:
        body = {"from": str(source), "to": str(target), "amount": amount}
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post("/transfers", json=body, headers=headers)


@pytest.fixture
def bank(client: TestClient, store: Store) -> Bank:
    return Bank(client, store)


def test_moves_money(bank: Bank) -> None:
    source, target = bank.account(100), bank.account(1)

    made = bank.send(source, str(target).upper(), 30)
    transfer = made.json()

    assert made.status_code == 201
    assert made.headers["Location"] == f"/transfers/{transfer['id']}"
    assert (transfer["from"], transfer["to"]) == (str(source), str(target))
    assert (bank.balance(source), bank.balance(target)) == (70, 31)
    assert bank.client.get(made.headers["Location"]).json() == transfer


def test_refusals_move_nothing(bank: Bank, pool: Pool) -> None:
    source, target, full = bank.account(100), bank.account(), bank.account(MAX_BALANCE)

    for made, status in [
        (bank.send(source, target, 101), 409),
        (bank.send(source, full, 1), 409),
        (bank.send(source, UNKNOWN, 1), 404),
        (bank.send(UNKNOWN, target, 1), 404),
        (bank.send(source, source, 1), 400),
        (bank.send(source, target, 0), 400),
        (bank.send(source, "nobody", 1), 400),
        (bank.send(source, target, 1, key="two words"), 400),
        (bank.send(source, target, 1, key="k" * 256), 400),
    ]:
        problem(made, status)
    assert [bank.balance(id) for id in (source, target, full)] == [100, 0, MAX_BALANCE]
    assert database.number(pool, "transfers") == 0


def test_account_with_transfers_cannot_be_deleted(bank: Bank) -> None:
    source, target = bank.account(1), bank.account()
    bank.send(source, target, 1)

    assert bank.client.delete(f"/accounts/{source}").status_code == 409
    assert bank.client.delete(f"/accounts/{target}").status_code == 409


def test_same_key_moves_money_once(bank: Bank) -> None:
    source, target = bank.account(100), bank.account()

    first = bank.send(source, target, 30, key="k")
    again = bank.send(source, target, 30, key="k")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert bank.balance(source) == 70


def test_same_key_for_another_transfer(bank: Bank) -> None:
    source, target = bank.account(100), bank.account()
    bank.send(source, target, 30, key="k")

    assert bank.send(source, target, 31, key="k").status_code == 422
    assert bank.send(target, source, 30, key="k").status_code == 422


def test_refused_transfer_does_not_use_its_key_up(bank: Bank) -> None:
    source, target = bank.account(1), bank.account()

    assert bank.send(source, target, 2, key="k").status_code == 409
    assert bank.send(source, target, 1, key="k").status_code == 201


def test_race_for_one_key(bank: Bank) -> None:
    source, target = bank.account(100), bank.account()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: bank.send(source, target, 1, key="k"), range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (bank.balance(source), bank.balance(target)) == (99, 1)


def test_many_at_once_keep_the_sum(bank: Bank, pool: Pool) -> None:
    accounts = [bank.account(100) for _ in range(5)]

    def some(seed: int) -> int:
        choice = random.Random(seed)
        source, target = choice.sample(accounts, 2)
        status: int = bank.send(source, target, choice.randint(1, 80)).status_code
        return status

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(some, range(60)))

    balances = [bank.balance(id) for id in accounts]
    assert set(answers) <= {201, 409}
    assert database.number(pool, "transfers") == answers[201]
    assert sum(balances) == 500
    assert min(balances) >= 0
