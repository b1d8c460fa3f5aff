"""/healthz: the process answers. /readyz: the database does too."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from api.openapi import problems
from api.problems import Problem
from database.deadline import within
from database.retry import Unavailable

# Both below the 2 s that are promised; the probe ends first, because it knows the reason.
WAIT_S = 1.9
PROBE_S = 1.7


class Alive(BaseModel):
    status: Literal["ok"]


class Ready(BaseModel):
    status: Literal["ready"]


def health_routes(ping: Callable[[], None]) -> APIRouter:
    router = APIRouter(tags=["health"])
    probe = Probe(ping)

    # async: it needs no thread, so it answers when all of them are busy.
    @router.get("/healthz", operation_id="getHealth", summary="Is the process alive?")
    async def get_health() -> Alive:
        return Alive(status="ok")

    @router.get(
        "/readyz",
        operation_id="getReadiness",
        summary="Does the database answer a query within two seconds?",
        responses=problems(503),
    )
    async def get_readiness() -> Ready:
        try:
            await probe.answered()
        except (Unavailable, TimeoutError) as error:
            raise Problem(503, "The database does not answer.") from error
        return Ready(status="ready")

    return router


class Probe:
    """One query at a time, however many ask: they must not pile up on a database that hangs."""

    def __init__(self, ping: Callable[[], None]) -> None:
        self._ping = ping
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")
        self._query: asyncio.Future[None] | None = None

    async def answered(self) -> None:
        if self._query is None or self._query.done():
            self._query = asyncio.get_running_loop().run_in_executor(self._executor, self._run)
            # An error that nobody waits for any more is no news.
            self._query.add_done_callback(lambda query: query.cancelled() or query.exception())
        await asyncio.wait_for(asyncio.shield(self._query), WAIT_S)

    def _run(self) -> None:
        with within(PROBE_S):
            self._ping()
