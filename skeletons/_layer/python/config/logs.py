"""One line an event on standard error, for people (text) or for machines (json).

A record's own values travel in extra={"fields": {...}}.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

LEVELS = {"debug": "DEBUG", "info": "INFO", "warn": "WARNING", "error": "ERROR"}
FORMATS = ("text", "json")


def _event(record: logging.LogRecord) -> dict[str, Any]:
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {
        "time": time.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
        **getattr(record, "fields", {}),
    }


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event = _event(record)
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str)


class TextFormatter(logging.Formatter):
    """A traceback keeps its lines here; everything else is one."""

    def format(self, record: logging.LogRecord) -> str:
        event = _event(record)
        words = [event.pop(name) for name in ("time", "level", "logger", "message")]
        words += [f"{name}={value}" for name, value in event.items()]
        line = " ".join(words).replace("\n", " ")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configuration(level: str, style: str) -> dict[str, Any]:
    """What logging.config.dictConfig takes. Level and style are keys of LEVELS and FORMATS."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "config.logs.TextFormatter"},
            "json": {"()": "config.logs.JSONFormatter"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": style}},
        "root": {"handlers": ["stderr"], "level": LEVELS[level]},
    }
