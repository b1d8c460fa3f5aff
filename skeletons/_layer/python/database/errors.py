"""What a database error says, looking through those that libraries wrap around it."""

from collections.abc import Iterator

_HINTS = {
    "certificate verify failed": "the server's certificate is not trusted or expired",
    "does not match host name": "the server's certificate is for another host",
}


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE, or None where the server sent none: the connection failed or broke."""
    for cause in _causes(error):
        state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
        if isinstance(state, str):
            return state
    return None


def describe(error: BaseException) -> str:
    """The innermost cause on one line, for the log."""
    *_, cause = _causes(error)
    text = " ".join(str(cause).split()) or type(cause).__name__
    for part, hint in _HINTS.items():
        if part in text and hint not in text:  # a message may be a description already
            return f"{hint}: {text}"
    return text


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
