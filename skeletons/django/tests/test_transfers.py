import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client

from ledger.models import MAX_BALANCE, Account, Transfer

# Not in a transaction of the test's own: run_transaction() needs the outermost.
pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def account(balance: int = 0) -> Account:
    return Account.objects.create(owner="Ada", balance=balance)


def balance(account: Account) -> int:
    return Account.objects.get(id=account.id).balance


def send(source: Any, target: Any, amount: Any, key: str | None = None) -> Any:
    body = {"from": str(source), "to": str(target), "amount": amount}
    headers = {} if key is None else {"Idempotency-Key": key}
    return Client().post("/transfers", body, "application/json", headers=headers)


def test_moves_money() -> None:
    source, target = account(100), account(1)

    made = send(source.id, str(target.id).upper(), 30)
    transfer = json.loads(made.content)

    assert made.status_code == 201
    assert made["Location"] == f"/transfers/{transfer['id']}"
    assert (transfer["from"], transfer["to"]) == (str(source.id), str(target.id))
    assert (balance(source), balance(target)) == (70, 31)
    assert json.loads(Client().get(made["Location"]).content) == transfer


def test_refusals_move_nothing() -> None:
    source, target, full = account(100), account(), account(MAX_BALANCE)

    for made, status in [
        (send(source.id, target.id, 101), 409),
        (send(source.id, full.id, 1), 409),
        (send(source.id, UNKNOWN, 1), 404),
        (send(UNKNOWN, target.id, 1), 404),
        (send(source.id, source.id, 1), 400),
        (send(source.id, target.id, 0), 400),
        (send(source.id, "nobody", 1), 400),
        (send(source.id, target.id, 1, key="two words"), 400),
        (send(source.id, target.id, 1, key="k" * 256), 400),
    ]:
        assert made.status_code == status
        assert made["Content-Type"] == "application/problem+json"
    assert (balance(source), balance(target), balance(full)) == (100, 0, MAX_BALANCE)
    assert Transfer.objects.count() == 0


def test_account_with_transfers_cannot_be_deleted() -> None:
    source, target = account(1), account()
    send(source.id, target.id, 1)

    assert Client().delete(f"/accounts/{source.id}").status_code == 409
    assert Client().delete(f"/accounts/{target.id}").status_code == 409


def test_same_key_moves_money_once() -> None:
    source, target = account(100), account()

    first = send(source.id, target.id, 30, key="k")
    again = send(source.id, target.id, 30, key="k")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert balance(source) == 70


def test_same_key_for_another_transfer() -> None:
    source, target = account(100), account()
    send(source.id, target.id, 30, key="k")

    assert send(source.id, target.id, 31, key="k").status_code == 422
    assert send(target.id, source.id, 30, key="k").status_code == 422


def test_refused_transfer_does_not_use_its_key_up() -> None:
    source, target = account(1), account()

    assert send(source.id, target.id, 2, key="k").status_code == 409
    assert send(source.id, target.id, 1, key="k").status_code == 201


def test_race_for_one_key() -> None:
    source, target = account(100), account()

    def race(_: int) -> Any:
        return finish(send(source.id, target.id, 1, key="k"))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (balance(source), balance(target)) == (99, 1)


def test_many_at_once_keep_the_sum() -> None:
    accounts = [account(100) for _ in range(5)]

    def some(seed: int) -> int:
        choice = random.Random(seed)
        source, target = choice.sample(accounts, 2)
        status: int = finish(send(source.id, target.id, choice.randint(1, 80))).status_code
        return status

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(some, range(60)))

    assert set(answers) <= {201, 409}
    assert Transfer.objects.count() == answers[201]
    assert Account.objects.aggregate(Sum("balance")) == {"balance__sum": 500}
    assert Account.objects.filter(balance__lt=0).count() == 0


def finish(response: Any) -> Any:
    connection.close()  # this thread's; the test client leaves it open
    return response
