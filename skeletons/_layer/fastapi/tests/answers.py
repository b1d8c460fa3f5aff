"""What tests of the API look for in its answers."""

from typing import Any

UNKNOWN = "00000000-0000-4000-8000-000000000000"  # an id that nothing has


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert content["status"] == status
    assert content["title"]
    return content
