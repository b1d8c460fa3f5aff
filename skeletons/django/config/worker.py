"""gunicorn's threaded worker, better to its clients in two ways."""

from time import monotonic
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from config.settings import REQUEST_TIMEOUT_S
from database.deadline import within

DRAIN_TIMEOUT_S = 5
DRAIN_BYTES = 4 * 1024 * 1024


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def enqueue_req(self, conn: Any) -> None:
        conn.queued_at = monotonic()
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        # The wait for a free thread counts as well.
        with within(REQUEST_TIMEOUT_S - (monotonic() - conn.queued_at)):
            return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        # Of a body that was not read (404, 413, 415) gunicorn would read 64 KiB, then close the
        # connection without notice, and cut off the next request of whoever keeps it.
        deadline = monotonic() + DRAIN_TIMEOUT_S
        return keepalive and bool(conn.parser.finish_body(deadline, DRAIN_BYTES))
