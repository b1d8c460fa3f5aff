"""Makes, empties and drops the tests' database."""

from collections.abc import Mapping
from contextlib import suppress

from psycopg import Error
from psycopg.errors import DuplicateDatabase
from sqlalchemy import func, select

from database.base import Base
from database.pool import CockroachConnection, Pool

__all__ = ["Error", "create", "drop", "empty", "number"]


def create(parameters: Mapping[str, str]) -> None:
    """One that is there already is taken as it is."""
    with suppress(DuplicateDatabase):
        _execute(parameters, f"CREATE DATABASE {_name(parameters)}")


def drop(parameters: Mapping[str, str]) -> None:
    _execute(parameters, f"DROP DATABASE {_name(parameters)}")


def empty(pool: Pool) -> None:
    with pool.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


def number(pool: Pool, table: str) -> int:
    """How many rows there are."""
    with pool.session() as session:
        count = select(func.count()).select_from(Base.metadata.tables[table])
        return session.scalars(count).one()


def _execute(parameters: Mapping[str, str], statement: str) -> None:
    # Every node has a database of this name.
    elsewhere = {**parameters, "dbname": "postgres"}
    with CockroachConnection.connect(autocommit=True, **elsewhere) as connection:
        connection.execute(statement)


def _name(parameters: Mapping[str, str]) -> str:
    return '"' + parameters["dbname"].replace('"', '""') + '"'
