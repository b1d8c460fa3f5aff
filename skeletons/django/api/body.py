"""Reads request bodies: a JSON object whose fields a view names, nothing more and nothing less."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from django.http import HttpRequest

from api.problems import FieldError, InvalidRequest, Problem

MAX_BODY_BYTES = 1024 * 1024

# Reads a JSON value as the view wants it, or raises ValueError with a message for the client.
Field = Callable[[object], Any]


def read_fields(
    request: HttpRequest, fields: Mapping[str, Field], defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The body's values by name, with defaults for what is missing.

    Raises Problem: 415, 413 or 400, in this order.
    """
    if request.content_type != "application/json":
        raise Problem(415, "The body must be application/json.")
    values = {**(defaults or {})}
    errors = []
    body = _parse(_read(request))
    for name, value in body.items():
        if name not in fields:
            errors.append(FieldError(name, "is not a field here"))
            continue
        try:
            values[name] = fields[name](value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    errors += [
        FieldError(name, "is required")
        for name in fields
        if name not in values and name not in body
    ]
    if errors:
        raise InvalidRequest(*errors)
    return values


def _read(request: HttpRequest) -> bytes:
    too_large = Problem(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        raise too_large
    # Django reads Content-Length bytes, so to it a chunked body is empty. gunicorn says that its
    # stream ends where the body does.
    stream = request.META["wsgi.input"] if request.META.get("wsgi.input_terminated") else request
    try:
        body: bytes = stream.read(MAX_BODY_BYTES + 1)
    except Exception:
        # The server's own classes for a bad chunk or a client that has gone.
        raise InvalidRequest(FieldError("body", "cannot be read")) from None
    if len(body) > MAX_BODY_BYTES:
        raise too_large
    return body


def _parse(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, or a number of thousands of digits.
        raise InvalidRequest(FieldError("body", "is not JSON in UTF-8")) from None
    if not isinstance(value, dict):
        raise InvalidRequest(FieldError("body", "is not an object"))
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
