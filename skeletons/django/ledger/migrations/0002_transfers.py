from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_accounts")]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=RandomUUID(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "from_account",
                    models.ForeignKey(
                        db_column="from_account",
                        on_delete=models.DO_NOTHING,
                        related_name="transfers_out",
                        to="ledger.account",
                    ),
                ),
                (
                    "to_account",
                    models.ForeignKey(
                        db_column="to_account",
                        on_delete=models.DO_NOTHING,
                        related_name="transfers_in",
                        to="ledger.account",
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("idempotency_key", models.TextField(editable=False, null=True, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=TransactionNow(), editable=False),
                ),
            ],
            options={
                "db_table": "transfers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(amount__gt=0), name="transfers_amount"
                    ),
                ],
            },
        ),
    ]
