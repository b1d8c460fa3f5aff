"""Gives every request a deadline and a log line, and every error the form of a problem."""

import logging
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.encoding import escape_uri_path

from api.health import PROBES
from api.problems import FieldError, InvalidRequest, Problem, ProblemResponse
from database.deadline import within
from database.errors import describe, sqlstate
from database.retry import OutcomeUnknown, Unavailable

RETRY_AFTER_S = 1

# Of the answers that are Django's own.
_DETAILS = {
    404: "There is nothing at this path.",
    405: "The resource does not have this method; see Allow.",
    500: "Something went wrong here.",
}

log = logging.getLogger("api")


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        start = monotonic()
        # Whatever charset the client names: some that Python knows are not for text at all.
        request.encoding = "utf-8"
        with within(settings.REQUEST_TIMEOUT_S):
            response = self._answer(request)
        if response.status_code >= 400 and not isinstance(response, ProblemResponse):
            response = _from_django(response)
        if isinstance(response, HttpResponse):
            # Without a length gunicorn would send chunks, and to HEAD it warns of a body.
            response["Content-Length"] = str(len(response.content))
            if request.method == "HEAD":
                response.content = b""
        _log(request, response, monotonic() - start)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in PROBES:  # load balancers probe by address
            try:
                request.get_host()
            except DisallowedHost:
                return ProblemResponse(InvalidRequest(FieldError("Host", "is not served here")))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> ProblemResponse:
        """Every exception of a view ends here, in development too."""
        if isinstance(exception, Problem):
            return ProblemResponse(exception, exception.__cause__)
        if isinstance(exception, SuspiciousOperation):
            return ProblemResponse(InvalidRequest(FieldError("request", "is not valid")))
        if isinstance(exception, OutcomeUnknown):
            # No Retry-After: to send the request again might do it twice.
            return ProblemResponse(
                Problem(
                    503,
                    "The connection broke in the commit: look whether it happened.",
                    type="urn:problem:outcome-unknown",
                ),
                exception,
            )
        if isinstance(exception, Unavailable | OperationalError | InterfaceError):
            response = ProblemResponse(Problem(503, "The database cannot answer now."), exception)
            response["Retry-After"] = str(RETRY_AFTER_S)
            return response
        log.error("unexpected exception", exc_info=exception)
        return ProblemResponse(Problem(500, "Something went wrong here."), exception)


def _from_django(response: HttpResponseBase) -> ProblemResponse:
    """The problem for an answer of Django's own: 404, 405, 400, its pages for developers."""
    status = response.status_code
    if status == 400:
        converted = ProblemResponse(InvalidRequest(FieldError("request", "is not valid")))
    else:
        converted = ProblemResponse(Problem(status, _DETAILS.get(status, "The request failed.")))
    if "Allow" in response:
        converted["Allow"] = response["Allow"]
    return converted


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    fields: dict[str, object] = {
        "method": request.method,
        "path": escape_uri_path(request.path),  # what a client sends cannot begin a line of its own
        "status": response.status_code,
        "ms": round(seconds * 1000),
    }
    if isinstance(response, ProblemResponse) and response.cause is not None:
        if state := sqlstate(response.cause):
            fields["sqlstate"] = state
        fields["error"] = describe(response.cause)
    log.log(
        logging.ERROR if response.status_code >= 500 else logging.INFO,
        "request",
        extra={"fields": fields},
    )
