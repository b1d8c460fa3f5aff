"""Alembic's environment: main.py's migrate, the tests and the alembic command run it."""

import logging.config
from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript, OpContainer
from sqlalchemy import Connection, Integer, String, Text
from sqlalchemy.types import TypeEngine

import ledger.entities  # noqa: F401 - puts its tables into Base.metadata
from config.settings import Settings
from database.base import Base
from database.migrate import LOCK_TABLE, connect_alone


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_ours,
        compare_type=has_changed,
        process_revision_directives=number_and_guard,
    )
    context.run_migrations()  # in autocommit: no transaction is begun


def run_as_alembic() -> None:
    settings = Settings.load()
    logging.config.dictConfig(settings.logging)
    with connect_alone(settings.database) as connection:
        run(connection)


def print_sql() -> None:
    context.configure(
        url="cockroachdb+psycopg://", literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    context.run_migrations()


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    return (kind, name) != ("table", LOCK_TABLE)


def has_changed(
    context: object,
    column: object,
    entity_column: object,
    type: TypeEngine[Any],
    entity_type: TypeEngine[Any],
) -> bool | None:
    """The adapter finds INTEGER and VARCHAR where there are INT8 and TEXT.

    None leaves the question to Alembic.
    """
    if isinstance(type, Integer) and isinstance(entity_type, Integer):
        return False
    if isinstance(type, String) and type.length is None and isinstance(entity_type, Text):
        return False
    return None


def number_and_guard(_: object, head: object, scripts: list[MigrationScript]) -> None:
    """Of new revisions: 0005 after 0004, and IF NOT EXISTS or IF EXISTS wherever it can be said."""
    for script in scripts:
        script.rev_id = f"{len(list(context.script.walk_revisions())) + 1:04}"
        for operations in (script.upgrade_ops, script.downgrade_ops):
            if operations is not None:
                guard(operations)


def guard(operations: OpContainer) -> None:
    for operation in operations.ops:
        if isinstance(operation, OpContainer):
            guard(operation)
        for name in ("if_exists", "if_not_exists"):
            if hasattr(operation, name):
                setattr(operation, name, True)


if context.is_offline_mode():
    print_sql()
elif connection := context.config.attributes.get("connection"):
    run(connection)
else:
    run_as_alembic()
