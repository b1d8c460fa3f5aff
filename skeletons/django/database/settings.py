"""The entry of Django's DATABASES for a connection URL."""

from typing import Any

from database.connection import Connection, read_url

POOL_TIMEOUT_S = 3
POOL_LIFETIME_S = 300


def database_settings(
    url: str, *, application_name: str, ca_file: str, pool_max: int, max_retries: int
) -> dict[str, Any]:
    """Raises database.url.InvalidURL."""
    options: dict[str, Any] = {**read_url(url, application_name=application_name, ca_file=ca_file)}
    return {
        "ENGINE": "database",
        "NAME": options.pop("dbname"),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "OPTIONS": {
            **options,
            "pool": {
                "connection_class": Connection,
                "min_size": 0,
                "max_size": pool_max,
                "timeout": POOL_TIMEOUT_S,
                "max_lifetime": POOL_LIFETIME_S,  # the pool subtracts up to 5 % of jitter
                # After a failure it connects when next asked to, not when a back-off has passed:
                # the first request after an outage would have to wait for that.
                "reconnect_timeout": 0,
            },
        },
        "MAX_RETRIES": max_retries,  # ours: database.transaction reads it
    }
