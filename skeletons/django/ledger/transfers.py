"""Moves money. Runs inside run_transaction(), possibly more than once."""

from uuid import UUID

from api.problems import Problem
from ledger.models import MAX_BALANCE, Account, Transfer


def transfer(source_id: UUID, target_id: UUID, amount: int, key: str | None) -> Transfer:
    """Makes the transfer, or returns the one already made with this key.

    Raises Problem: 422, 404 or 409.
    """
    if key is not None:
        made = Transfer.objects.filter(idempotency_key=key).first()
        if made is not None:
            if (made.from_account_id, made.to_account_id, made.amount) != (
                source_id,
                target_id,
                amount,
            ):
                raise Problem(422, "The Idempotency-Key was used for another transfer.")
            return made

    # Both rows in one statement and always in the order of their ids: two transfers wait for each
    # other instead of failing with 40001.
    locked = (
        Account.objects.select_for_update().filter(id__in=(source_id, target_id)).order_by("id")
    )
    accounts = {account.id: account for account in locked}
    source, target = accounts.get(source_id), accounts.get(target_id)
    if source is None or target is None:
        raise Problem(404, "There is no such account.")
    if source.balance < amount:
        raise Problem(409, "The account does not have that much.")
    if target.balance + amount > MAX_BALANCE:
        raise Problem(409, "The receiving account would hold too much.")

    source.balance -= amount
    target.balance += amount
    source.save(update_fields=["balance"])
    target.save(update_fields=["balance"])
    return Transfer.objects.create(
        from_account=source, to_account=target, amount=amount, idempotency_key=key
    )
