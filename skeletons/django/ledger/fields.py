"""What a field of a request may hold. Each function is an api.body.Field."""

from typing import Any
from uuid import UUID

from api.ids import parse_uuid
from ledger.models import MAX_BALANCE

MAX_OWNER = 100
# Unicode's White_Space. str.isspace() and str.strip() also take the separators U+001C to U+001F.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def owner(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not contain NUL or a lone surrogate")
    if not value.strip(WHITE_SPACE):
        raise ValueError("must not be blank")
    if len(value) > MAX_OWNER:
        raise ValueError(f"must have at most {MAX_OWNER} characters")
    return value


def balance(value: object) -> int:
    return _integer(value, 0)


def amount(value: object) -> int:
    return _integer(value, 1)


def account_id(value: object) -> UUID:
    if not isinstance(value, str):
        raise ValueError("must be a UUID")
    return parse_uuid(value)


def _integer(value: Any, minimum: int) -> int:
    if type(value) is not int or not minimum <= value <= MAX_BALANCE:  # bool is a subclass of int
        raise ValueError(f"must be an integer from {minimum} to {MAX_BALANCE}")
    return value
