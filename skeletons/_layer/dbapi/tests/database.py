"""Makes, empties and drops the tests' database."""

from collections.abc import Mapping
from contextlib import closing

from database.errors import sqlstate
from database.pool import Error, Pool, connect

__all__ = ["Error", "create", "drop", "empty", "number"]

DUPLICATE_DATABASE = "42P04"


def create(parameters: Mapping[str, str]) -> None:
    """One that is there already is taken as it is."""
    try:
        _execute(parameters, f"CREATE DATABASE {_name(parameters)}")
    except Error as error:
        if sqlstate(error) != DUPLICATE_DATABASE:
            raise


def drop(parameters: Mapping[str, str]) -> None:
    _execute(parameters, f"DROP DATABASE {_name(parameters)}")


def empty(pool: Pool) -> None:
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM transfers")
        cursor.execute("DELETE FROM accounts")


def number(pool: Pool, table: str) -> int:
    """How many rows there are."""
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        [(rows,)] = cursor.fetchall()
        return int(rows)


def _execute(parameters: Mapping[str, str], statement: str) -> None:
    # Every node has a database of this name.
    connection = connect({**parameters, "dbname": "postgres"})
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)


def _name(parameters: Mapping[str, str]) -> str:
    return '"' + parameters["dbname"].replace('"', '""') + '"'
