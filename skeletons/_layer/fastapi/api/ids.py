"""UUIDs as this API reads them: 8-4-4-4-12 hexadecimal digits, in any case, and nothing else.

uuid.UUID alone also reads braces, urn:uuid: and digits without hyphens.
"""

import re
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema
from starlette.convertors import Convertor, register_url_convertor

PATTERN = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"


def read_uuid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value):
        raise ValueError("must be a UUID")
    return UUID(value)


Id = Annotated[
    UUID,
    BeforeValidator(read_uuid),
    WithJsonSchema({"type": "string", "format": "uuid", "pattern": f"^{PATTERN}$"}),
]


class IdConvertor(Convertor[UUID]):
    """{name:id} in a path; what is no UUID is no such path, 404."""

    regex = PATTERN + r"(?!\n)"  # Starlette ends a path with $, which lets a last \n pass

    def convert(self, value: str) -> UUID:
        return UUID(value)

    def to_string(self, value: UUID) -> str:
        return str(value)


register_url_convertor("id", IdConvertor())
