"""Runs Alembic's revisions in migrations/ that have not been run."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from database.errors import describe, sqlstate
from database.pool import open_engine

FOLDER = Path(__file__).parent.parent / "migrations"
LOCK_TABLE = "alembic_lock"
NOTICE_S = 2

log = logging.getLogger("migrate")


class MigrationFailed(CommandError):
    """Which the alembic command, too, prints as one line."""


def migrate(parameters: Mapping[str, str]) -> Iterator[str]:
    """Yields the names of those it has run.

    A revision is one operation and runs outside any transaction, as CockroachDB's schema changes do
    anyway. Its number is recorded after it succeeded, so a run that broke in between runs it again:
    an operation must be written so that this is harmless.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # whoever called says what has run
    config = alembic_config()
    with connect_alone(parameters) as connection:
        config.attributes["connection"] = connection
        for script in _pending(ScriptDirectory.from_config(config), connection):
            name = Path(script.path).stem
            try:
                command.upgrade(config, script.revision)
            except (DBAPIError, CommandError) as error:
                raise MigrationFailed(f"{name}: {describe(error)}") from None
            yield name


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


@contextmanager
def connect_alone(parameters: Mapping[str, str]) -> Iterator[Connection]:
    """Lends a connection in autocommit when no other run has one.

    CockroachDB has no advisory locks. What keeps others waiting is a row that is never committed;
    it is gone when this run has ended, or its process.
    """
    # A schema change takes as long as the table is large. The last setting of a name wins.
    unlimited = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    engine = open_engine(
        {**parameters, "options": f"{parameters.get('options', '')} {unlimited}".strip()},
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    try:
        with engine.connect() as connection, engine.connect() as lock:
            _create_lock_table(connection)
            _lock(lock)
            yield connection
    except DBAPIError as error:
        raise MigrationFailed(_explain(error, parameters["dbname"])) from None


def _lock(connection: Connection) -> None:
    """Until the connection is closed."""
    connection.execution_options(isolation_level="SERIALIZABLE")  # no autocommit
    still = Timer(NOTICE_S, log.warning, ["waiting for another run, which has not ended yet"])
    still.start()
    try:
        connection.execute(text(f"INSERT INTO {LOCK_TABLE} (id) VALUES (1)"))
    finally:
        still.cancel()


def _create_lock_table(connection: Connection) -> None:
    try:
        connection.execute(text(f"CREATE TABLE IF NOT EXISTS {LOCK_TABLE} (id INT8 PRIMARY KEY)"))
    except DBAPIError:
        # Another run may have made it at the same time.
        if not inspect(connection).has_table(LOCK_TABLE):
            raise


def _pending(scripts: ScriptDirectory, connection: Connection) -> list[Script]:
    heads = MigrationContext.configure(connection).get_current_heads()
    try:
        return list(scripts.iterate_revisions("heads", heads))[::-1]
    except RevisionError:
        raise MigrationFailed(
            f"the database is at {', '.join(heads)}, which this version's migrations/ do not know;"
            " deploy the version that does"
        ) from None


def _explain(error: DBAPIError, database: str) -> str:
    reason = describe(error)
    if sqlstate(error) == "3D000" or re.search('database ".*" does not exist', reason):
        name = '"' + database.replace('"', '""') + '"'
        return f"database {name} does not exist; make it with: CREATE DATABASE {name};"
    return reason
