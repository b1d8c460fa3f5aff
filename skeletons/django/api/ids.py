"""UUIDs as this API reads them: 8-4-4-4-12 hexadecimal digits, in any case, and nothing else.

uuid.UUID alone also reads braces, urn:uuid: and digits without hyphens.
"""

import re
from uuid import UUID

from django.urls import register_converter

PATTERN = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


def parse_uuid(text: str) -> UUID:
    if not re.fullmatch(PATTERN, text):
        raise ValueError("must be a UUID")
    return UUID(text)


class UUIDConverter:
    """<id:name> in a path. Django's own <uuid:name> knows no capitals."""

    regex = PATTERN

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: UUID) -> str:
        return str(value)


register_converter(UUIDConverter, "id")
