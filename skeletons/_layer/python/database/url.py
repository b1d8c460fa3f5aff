"""Checks a connection URL and reads it into libpq's parameters.

It holds a password, so no message quotes any of it.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_MS = 10_000


class InvalidURL(ValueError):
    """Says what is wrong and what to do about it."""


def parameters(
    url: str,
    parse: Callable[[str], Mapping[str, Any]],
    *,
    application_name: str,
    ca_file: str,
) -> dict[str, str]:
    """The URL's parameters, with the defaults this project wants where the URL is silent.

    parse is the driver's own reading of a URL (psycopg.conninfo.conninfo_to_dict,
    psycopg2.extensions.parse_dsn). ca_file vouches for the server where the URL names no
    sslrootcert: libpq would look for ~/.postgresql/root.crt, and sslrootcert=system trusts
    nothing in the drivers' binary wheels.
    """
    if not url:
        raise InvalidURL("not set; copy .env.example to .env and put the cluster's URL into it")
    if re.search(r"<[^<>]*>", url):
        raise InvalidURL("still holds a <placeholder>; replace it by the cluster's own value")
    found = _parse(url, parse)

    hosts = [
        part for name in ("host", "hostaddr") for part in found.get(name, "").split(",") if part
    ]
    if not hosts:
        raise InvalidURL(
            "names no host; write postgresql://user:password@host:26257/database?sslmode=verify-full"
        )
    if not found.get("dbname"):
        raise InvalidURL(
            "names no database; it follows the host: host:26257/database?sslmode=verify-full"
        )
    for port in found.get("port", "26257").split(","):
        if not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
            raise InvalidURL(
                "the port is not a number; percent-encode what the user name and password hold"
            )

    sslmode = found.get("sslmode")
    if sslmode is None:
        raise InvalidURL(
            "states no sslmode; add sslmode=verify-full (or disable, for a node on this machine)"
        )
    if sslmode == "disable" and not all(_is_near(host) for host in hosts):
        raise InvalidURL(
            "sslmode=disable is for a loopback host or one without a dot; use sslmode=verify-full"
        )
    if sslmode not in ("verify-full", "disable"):
        raise InvalidURL("its sslmode does not verify the server; use sslmode=verify-full")

    defaults = {"application_name": application_name, "connect_timeout": str(CONNECT_TIMEOUT_S)}
    if sslmode == "verify-full":
        defaults["sslrootcert"] = ca_file
    if "sslcert" not in found:
        # Or libpq reads ~/.postgresql/postgresql.crt, and fails where it may not look into HOME.
        defaults["sslcertmode"] = "disable"
    # The last setting of a name wins, so the URL's own come last.
    options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} {found.get('options', '')}".strip()
    return {**defaults, **found, "options": options}


def _parse(url: str, parse: Callable[[str], Mapping[str, Any]]) -> dict[str, str]:
    scheme, separator, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres") or not separator:
        raise InvalidURL("not a URL that begins with postgresql://")
    authority, _, path = rest.partition("?")[0].partition("/")
    try:
        found = parse(url)
    except Exception:
        # Whatever the driver raises, it quotes the URL.
        raise InvalidURL("not a valid URL; percent-encode every part of it") from None
    if authority.count("@") > 1 or "@" in path:
        # libpq would take the end of the password for the host, and then print it.
        raise InvalidURL("has an @ too many; in a user name or password it is %40, and / is %2F")
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host
