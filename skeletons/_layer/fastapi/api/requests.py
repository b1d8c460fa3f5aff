"""Gives every request a deadline and a log line, and every error the form of a problem."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import FieldError, InvalidRequest, Problem, problem_response
from database.deadline import within
from database.errors import describe, sqlstate
from database.retry import OutcomeUnknown, Unavailable

RETRY_AFTER_S = 1

# Of the answers that are the framework's own.
_DETAILS = {
    404: "There is nothing at this path.",
    405: "The resource does not have this method; see Allow.",
}

log = logging.getLogger("api")


class Requests:
    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self.app = app
        self.timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = monotonic()
        status = 0
        failure: BaseException | None = None

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            # Threads get a copy of this context: the wait for a free one counts as well.
            with within(self.timeout_s):
                await self.app(scope, receive, send_and_note)
            failure = getattr(Request(scope).state, "failure", None)
        except Exception as error:
            failure = error
            log.error("unexpected exception", exc_info=error)
            if status:
                raise  # half of an answer is out: only a broken connection says so
            response = problem_response(Problem(500, "Something went wrong here."))
            await response(scope, receive, send_and_note)
        finally:
            _log(scope, status, monotonic() - start, failure)


def handle_errors(app: FastAPI) -> None:
    """Every exception becomes a problem here, but for those that nobody expects."""
    answers: dict[type[Exception], Callable[[Request, Any], Problem]] = {
        Problem: lambda _, problem: problem,
        HTTPException: _from_framework,
        RequestValidationError: _from_validation,
        Unavailable: _unavailable,
        OutcomeUnknown: _outcome_unknown,
    }

    async def handle(request: Request, error: Exception) -> Response:
        answer = next(answers[kind] for kind in type(error).__mro__ if kind in answers)
        # For the log. What is wrong with a request is for its client alone.
        if not isinstance(error, RequestValidationError):
            request.state.failure = error.__cause__
        return problem_response(answer(request, error))

    for kind in answers:
        app.add_exception_handler(kind, handle)


def _unavailable(_: Request, error: Unavailable) -> Problem:
    return Problem(
        503, "The database cannot answer now.", headers={"Retry-After": str(RETRY_AFTER_S)}
    )


def _outcome_unknown(_: Request, error: OutcomeUnknown) -> Problem:
    # No Retry-After: to send the request again might do it twice.
    return Problem(
        503,
        "The connection broke in the commit: look whether it happened.",
        type="urn:problem:outcome-unknown",
    )


def _from_framework(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 400:
        return InvalidRequest(FieldError("request", "is not valid"))
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of one route, and the path may have several.
        headers["Allow"] = ", ".join(sorted(_methods(request.app, request.scope)))
    detail = _DETAILS.get(error.status_code, "The request failed.")
    return Problem(error.status_code, detail, headers=headers)


def _methods(app: FastAPI, scope: Scope) -> set[str]:
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


def _from_validation(_: Request, error: RequestValidationError) -> Problem:
    return InvalidRequest(
        *(
            FieldError(
                # The location is the part of the request, then the way to the value in it.
                ".".join(str(name) for name in found["loc"][1:]) or "body",
                found["msg"].removeprefix("Value error, "),
            )
            for found in error.errors()
        )
    )


def _log(scope: Scope, status: int, seconds: float, failure: BaseException | None) -> None:
    fields: dict[str, object] = {
        "method": scope["method"],
        "path": quote(scope["path"]),  # what a client sends cannot begin a line of its own
        "status": status,
        "ms": round(seconds * 1000),
    }
    if failure is not None:
        if state := sqlstate(failure):
            fields["sqlstate"] = state
        fields["error"] = describe(failure)
    log.log(logging.ERROR if status >= 500 else logging.INFO, "request", extra={"fields": fields})
