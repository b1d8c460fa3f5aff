"""Django's migrate without a statement timeout, and with one line for a database out of reach."""

import re
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.migrations.exceptions import MigrationSchemaMissing

from database.errors import describe, sqlstate


class Command(MigrateCommand):
    def execute(self, *args: Any, **options: Any) -> str | None:
        connection = connections[options.get("database") or DEFAULT_DB_ALIAS]
        pooled = connection.settings_dict["OPTIONS"]
        # Without the pool a failure to connect arrives as it is. In "options" the last one wins.
        direct = {**pooled, "options": f"{pooled.get('options', '')} -c statement_timeout=0"}
        direct.pop("pool", None)
        connection.settings_dict["OPTIONS"] = direct
        try:
            return super().execute(*args, **options)
        except (DatabaseError, MigrationSchemaMissing) as error:
            reason = describe(error)
            if sqlstate(error) == "3D000" or re.search(
                r'database (".*"|or schema) does not exist', reason
            ):
                name = connection.ops.quote_name(connection.settings_dict["NAME"])
                raise CommandError(
                    f"database {name} does not exist; make it with: CREATE DATABASE {name};"
                ) from error
            if isinstance(error, OperationalError):
                raise CommandError(f"database: {reason}") from error
            raise
        finally:
            connection.close()
            connection.settings_dict["OPTIONS"] = pooled
