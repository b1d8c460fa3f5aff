from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_transfers_from_account")]

    operations = [
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["to_account"], name="transfers_to_account"),
        ),
    ]
