"""Reads request bodies: strict JSON of at most 1 MiB, before FastAPI looks at them."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.problems import FieldError, InvalidRequest, Problem
from database.deadline import remaining

MAX_BODY_BYTES = 1024 * 1024


class JSONRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JSONRequest(request.scope, request.receive))

        return handle_json


class JSONRequest(Request):
    """Raises Problem: 415, 413 or 400, in this order."""

    async def body(self) -> bytes:
        media_type = self.headers.get("Content-Type", "").partition(";")[0].strip()
        if media_type.lower() != "application/json":
            raise Problem(415, "The body must be application/json.")
        body = bytearray()
        try:
            async with asyncio.timeout(remaining()):
                async for chunk in self.stream():
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        raise Problem(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        except TimeoutError:
            raise InvalidRequest(
                FieldError("body", "did not arrive in time"), headers={"Connection": "close"}
            ) from None
        self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        try:
            return json.loads(self._body.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            # ValueError: not UTF-8, not JSON, or a number of thousands of digits.
            raise InvalidRequest(FieldError("body", "is not JSON in UTF-8")) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
