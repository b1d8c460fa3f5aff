from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=RandomUUID(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("owner", models.TextField()),
                ("balance", models.BigIntegerField(db_default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=TransactionNow(), editable=False),
                ),
            ],
            options={
                "db_table": "accounts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(balance__range=(0, 9007199254740991)),
                        name="accounts_balance",
                    ),
                ],
            },
        ),
    ]
