"""Accounts and the transfers between them.

The database makes ids and times, and keeps the rules that a row can keep by itself.
"""

from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.db import models
from django.db.models import Q

# In minor units: the largest integer that every JSON reader keeps exactly.
MAX_BALANCE = 9_007_199_254_740_991


class Account(models.Model):
    # Made by gen_random_uuid(): consecutive keys would all land on one node.
    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    owner = models.TextField()
    balance = models.BigIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        db_table = "accounts"
        constraints = [
            models.CheckConstraint(
                condition=Q(balance__range=(0, MAX_BALANCE)), name="accounts_balance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} ({self.id})"


class Transfer(models.Model):
    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    # DO_NOTHING leaves it to the database, whose foreign key refuses (23503) to delete an account
    # that is referred to; PROTECT would ask first, in a query of its own. The indexes are below,
    # because django-cockroachdb makes none for a foreign key.
    from_account = models.ForeignKey(
        Account, models.DO_NOTHING, db_column="from_account", related_name="transfers_out"
    )
    to_account = models.ForeignKey(
        Account, models.DO_NOTHING, db_column="to_account", related_name="transfers_in"
    )
    amount = models.BigIntegerField()
    # Null, not empty: transfers without a key are not each other's duplicates.
    idempotency_key = models.TextField(unique=True, null=True, editable=False)  # noqa: DJ001
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        db_table = "transfers"
        indexes = [
            models.Index(fields=["from_account"], name="transfers_from_account"),
            models.Index(fields=["to_account"], name="transfers_to_account"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfers_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} from {self.from_account_id} to {self.to_account_id}"
