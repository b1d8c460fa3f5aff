"""The commands: serve, which is what no command means, dev and migrate."""

import logging.config
import signal
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from config.settings import APPLICATION_NAME, REQUEST_TIMEOUT_S, Settings
from database.errors import describe
from database.migrate import migrate
from database.pool import Pool
from ledger.store import Store

USAGE = "usage: main.py [serve | dev | migrate]"

SERVER: dict[str, Any] = {
    "log_config": None,  # ours stands
    "access_log": False,  # api.requests writes it
    "timeout_graceful_shutdown": REQUEST_TIMEOUT_S,
    "timeout_keep_alive": 75,  # more than a load balancer's 60: whoever closes first cuts off
    # Without, a connection's second request would inherit the deadline of its first.
    "reset_contextvars": True,
}

log = logging.getLogger("main")


def main(arguments: list[str]) -> None:
    match arguments:
        case [] | ["serve"]:
            serve()
        case ["dev"]:
            develop()
        case ["migrate"]:
            migrate_database()
        case _:
            sys.exit(USAGE)


def serve() -> None:
    settings = _start()
    # When it has stopped because of a signal, uvicorn raises the signal again, for whoever had it
    # before. That is this: the process ends as one that did what it was told.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    uvicorn.run(_application(settings), host=settings.host, port=settings.port, **SERVER)


def develop() -> None:
    """Serves, in a process that is started anew when a file has changed."""
    settings = _start()
    folders = (path for path in Path(__file__).parent.iterdir() if path.is_dir())
    uvicorn.run(
        "main:application",
        factory=True,
        reload=True,
        # Not .venv: they are looked through several times a second.
        reload_dirs=[str(path) for path in folders if not path.name.startswith(".")],
        host=settings.host,
        port=settings.port,
        **SERVER,
    )


def application() -> FastAPI:
    return _application(_start())


def migrate_database() -> None:
    settings = _start()
    try:
        for name in migrate(settings.database):
            log.info("migrated", extra={"fields": {"migration": name}})
    except Exception as error:
        log.debug("migrate", exc_info=error)
        sys.exit(f"migrate: {describe(error)}")
    log.info("the schema is up to date")


def _start() -> Settings:
    settings = Settings.load()
    logging.config.dictConfig(settings.logging)
    return settings


def _application(settings: Settings) -> FastAPI:
    pool = Pool(settings.database, max_size=settings.pool_max)
    return create_app(
        Store(pool, max_retries=settings.max_retries),
        pool,
        title=APPLICATION_NAME,
        timeout_s=REQUEST_TIMEOUT_S,
        # Enough for /readyz and for what needs no database while all connections are in use and
        # waited for; DB_POOL_MAX stays the limit of the database.
        threads=4 * settings.pool_max + 16,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
