"""openapi.yaml is the promise; /docs is what FastAPI reads from the code. They say the same."""

from pathlib import Path
from typing import Any

import yaml

from tests.test_app import Broken, open_client

PROMISE = Path(__file__).parent.parent / "openapi.yaml"


def test_description_is_openapi_yaml() -> None:
    described = open_client(Broken()).get("/openapi.json").json()
    promised = yaml.safe_load(PROMISE.read_text(encoding="utf-8"))

    assert operations(described) == operations(promised)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    found = {}
    for path, item in plain(document["paths"], document).items():
        for method in item.keys() - {"parameters"}:
            parameters = item.get("parameters", []) + item[method].get("parameters", [])
            found[method, path] = item[method] | {
                "parameters": {(p["in"], p["name"]): meaning(p) for p in parameters}
            }
    return found


def meaning(parameter: dict[str, Any]) -> tuple[bool, Any]:
    schema = parameter["schema"]
    # "or null" is how pydantic says that it may be missing.
    return parameter.get("required", False), schema.get("oneOf", [schema])[0]


def plain(node: Any, document: dict[str, Any]) -> Any:
    """Without references, without words for people, and one way to say each thing."""
    if isinstance(node, list):
        return [plain(entry, document) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target | {name: value for name, value in node.items() if name != "$ref"}
    found = {}
    for name, value in node.items():
        if name in ("description", "summary", "title") and isinstance(value, str):
            continue
        if name == "type" and "const" in node:
            continue
        found["oneOf" if name == "anyOf" else name] = plain(value, document)
    return found
