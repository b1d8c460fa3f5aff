"""Connections to CockroachDB by psycopg2, made to keep deadlines."""

import math
import re
import select
from collections.abc import Mapping
from time import monotonic
from typing import Any

import psycopg2
from psycopg2 import OperationalError, ProgrammingError, extensions, extras

from database.deadline import remaining, within
from database.url import parameters

Connection = extensions.connection

# Always granted: a ROLLBACK after the deadline may save the connection.
GRACE_S = 0.1

_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}

# Comments, strings, quoted names, dollar-quoted strings: what is in them separates nothing.
_OPAQUE = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(\w*)\$.*?\$\1\$""",
    re.DOTALL | re.VERBOSE,
)


def read_url(url: str, *, application_name: str, ca_file: str) -> dict[str, str]:
    """libpq's parameters. Raises database.url.InvalidURL."""
    return parameters(url, extensions.parse_dsn, application_name=application_name, ca_file=ca_file)


def connect(parameters: Mapping[str, str]) -> Connection:
    """A connection that begins no transaction by itself."""
    try:
        # libpq keeps its connect_timeout only where it waits itself.
        with within(_connect_timeout(parameters)):
            connection: Connection = psycopg2.connect(**dict[str, Any](parameters))
    except OperationalError as error:
        # And only there does it say which server it was.
        server = parameters.get("host", "the server")
        raise OperationalError(f"connection to {server} failed: {error}") from None
    connection.autocommit = True
    return connection


def execute_one(connection: Connection, statement: str) -> None:
    """Executes a statement without arguments, and refuses a second one behind it."""
    # psycopg2 speaks the simple protocol alone, which takes any number.
    if ";" in _OPAQUE.sub(" ", statement).strip().rstrip(";"):
        raise ProgrammingError("more than one statement")
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _connect_timeout(parameters: Mapping[str, str]) -> float:
    try:
        seconds = int(parameters.get("connect_timeout", 0))
    except ValueError:
        raise OperationalError("connect_timeout is not a number of seconds") from None
    return seconds if seconds > 0 else math.inf  # as libpq reads it


def _wait(connection: Connection) -> None:
    """Waits for the server until the deadline of whoever called.

    statement_timeout is not enough: the server keeps it, and one that hangs does not. psycopg2
    calls this wherever libpq would wait, in the handshake and in COMMIT too, and closes the
    connection when it raises, so that a late answer is not taken for that of the next command.
    """
    end = monotonic() + max(GRACE_S, remaining())
    while (state := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), _EVENTS[state])
        seconds = end - monotonic()
        if seconds <= 0 or not poll.poll(None if seconds == math.inf else seconds * 1000):
            raise OperationalError("no answer in time")


extensions.set_wait_callback(_wait)
extras.register_uuid()  # type: ignore[no-untyped-call]
