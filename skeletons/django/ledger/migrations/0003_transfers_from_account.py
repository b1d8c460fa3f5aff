from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_transfers")]

    operations = [
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["from_account"], name="transfers_from_account"),
        ),
    ]
