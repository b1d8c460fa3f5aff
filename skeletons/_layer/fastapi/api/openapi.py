"""What the description of this API (/docs, /openapi.json) says of errors.

FastAPI's own account, 422 in application/json, is wrong here.
"""

from typing import Any

from fastapi import FastAPI

from api.problems import TITLES

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": ["about:blank", "urn:problem:outcome-unknown"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_VALIDATION_PROBLEM = {
    "allOf": [
        {"$ref": "#/components/schemas/Problem"},
        {
            "type": "object",
            "required": ["errors"],
            "properties": {
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                }
            },
        },
    ]
}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}

CREATED: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"schema": {"type": "string"}}}}
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors, for the responses of a route."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    schema = "ValidationProblem" if status == 400 else "Problem"
    return {
        "description": TITLES[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}
        },
        **({"headers": _RETRY_AFTER} if status == 503 else {}),
    }


class API(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            description = super().openapi()
            for operations in description["paths"].values():
                for operation in operations.values():
                    responses = operation["responses"]
                    if "application/json" in responses.get("422", {}).get("content", {}):
                        del responses["422"]
            schemas = description["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM
            schemas["ValidationProblem"] = _VALIDATION_PROBLEM
        return super().openapi()
