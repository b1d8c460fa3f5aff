"""RFC 9457 problem details: the exception that endpoints raise and the response clients get."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Response
from starlette.exceptions import HTTPException

# Written out, because http.HTTPStatus's phrases differ between versions of Python.
TITLES = {
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


# Starlette's, because FastAPI lets no other exception pass while it reads a body.
class Problem(HTTPException):
    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        type: str = "about:blank",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.errors = errors
        self.type = type


class InvalidRequest(Problem):
    """400, with at least one field at fault; "body" is the body as a whole."""

    def __init__(self, *errors: FieldError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(
            400, "The request is not valid; see errors.", errors=errors, headers=headers
        )


def problem_response(problem: Problem) -> Response:
    content: dict[str, Any] = {
        "type": problem.type,
        "title": TITLES.get(problem.status_code, "Error"),
        "status": problem.status_code,
        "detail": problem.detail,
    }
    if problem.errors:
        content["errors"] = [asdict(error) for error in problem.errors]
    return Response(
        json.dumps(content),  # in ASCII: a field's name may be no Unicode at all
        problem.status_code,
        problem.headers,
        "application/problem+json",
    )
