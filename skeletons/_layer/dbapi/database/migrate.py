"""Runs the files of migrations/ that have not been run, in the order of their names."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from database.errors import describe, sqlstate
from database.pool import Connection, Error, connect, execute_one

FOLDER = Path(__file__).parent.parent / "migrations"

CREATE_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    TEXT PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)
"""


class MigrationFailed(Exception):
    pass


def migrate(parameters: Mapping[str, str], folder: Path = FOLDER) -> Iterator[str]:
    """Yields the names of those it has run.

    A file holds one statement and runs outside any transaction, as CockroachDB's schema changes do
    anyway. Its name is recorded after it succeeded, so a run that broke in between runs it again: a
    statement must be written so that this is harmless.

    There is no lock, because CockroachDB has no advisory locks: run it from one place.
    """
    # A schema change takes as long as the table is large. The last setting of a name wins.
    unlimited = {
        **parameters,
        "options": f"{parameters.get('options', '')} -c statement_timeout=0".strip(),
    }
    try:
        connection = connect(unlimited)
    except Error as error:
        raise MigrationFailed(_explain(error, parameters["dbname"])) from None
    with closing(connection):
        done = _done(connection)
        for file in sorted(folder.glob("*.sql")):
            if file.stem in done:
                continue
            try:
                execute_one(connection, file.read_text(encoding="utf-8"))
            except Error as error:
                raise MigrationFailed(f"{file.name}: {describe(error)}") from None
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO schema_migrations (version) VALUES (%s) ON CONFLICT DO NOTHING",
                    (file.stem,),
                )
            yield file.stem


def _done(connection: Connection) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(CREATE_VERSIONS)
        cursor.execute("SELECT version FROM schema_migrations")
        return {version for (version,) in cursor.fetchall()}


def _explain(error: Error, database: str) -> str:
    reason = describe(error)
    if sqlstate(error) == "3D000" or re.search('database ".*" does not exist', reason):
        name = '"' + database.replace('"', '""') + '"'
        return f"database {name} does not exist; make it with: CREATE DATABASE {name};"
    return reason
