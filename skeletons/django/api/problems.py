"""RFC 9457 problem details: the exception that views raise and the response that clients get."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.http import JsonResponse

# Written out, because http.HTTPStatus's phrases differ between versions of Python.
_TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True)
class FieldError:
    field: str
    message: str


class Problem(Exception):
    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        type: str = "about:blank",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.type = type


class InvalidRequest(Problem):
    """400, with at least one field at fault; "body" is the body as a whole."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(400, "The request is not valid; see errors.", errors=errors)


class ProblemResponse(JsonResponse):
    """cause is for the log; the client does not see it."""

    def __init__(self, problem: Problem, cause: BaseException | None = None) -> None:
        self.cause = cause
        content: dict[str, Any] = {
            "type": problem.type,
            "title": _TITLES.get(problem.status, "Error"),
            "status": problem.status,
            "detail": problem.detail,
        }
        if problem.errors:
            content["errors"] = [asdict(error) for error in problem.errors]
        super().__init__(content, status=problem.status, content_type="application/problem+json")
