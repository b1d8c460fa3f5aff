"""Puts the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from api.health import health_routes
from api.openapi import API
from api.requests import Requests, handle_errors
from database.pool import Pool
from ledger import routes
from ledger.store import Store

DESCRIPTION = "Accounts, and transfers of money between them. Amounts are integers in minor units."


def create_app(store: Store, pool: Pool, *, title: str, timeout_s: float, threads: int) -> FastAPI:
    """The pool is the application's from here on: it is closed when the server has stopped."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Of all endpoints that are not async.
        to_thread.current_default_thread_limiter().total_tokens = threads
        yield
        pool.close()

    app = API(
        title=title,
        description=DESCRIPTION,
        version="1.0.0",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.store = store
    app.add_middleware(Requests, timeout_s=timeout_s)
    handle_errors(app)
    app.include_router(health_routes(pool.ping))
    app.include_router(routes.router)
    return app
