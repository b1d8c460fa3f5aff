"""Reads environment variables, and .env where they are silent.

Importing the settings must not need a usable environment: lint, tests and makemigrations import
them too. So a bad value is remembered, not raised, and what really starts, the server and the
migrations, calls exit_if_invalid() first.
"""

import os
import re
import sys
from collections.abc import Collection, Mapping
from typing import Self

from dotenv import load_dotenv


class Environment:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.errors: list[str] = []

    @classmethod
    def load(cls) -> Self:
        """Real variables win over those of .env in the working directory."""
        environment = cls(os.environ)
        try:
            load_dotenv(".env", interpolate=False)
        except (OSError, UnicodeDecodeError) as error:
            environment.fail(
                ".env", f"cannot be read ({type(error).__name__}); make it UTF-8 and readable"
            )
        return environment

    def fail(self, name: str, message: str) -> None:
        self.errors.append(f"{name}: {message}")

    def exit_if_invalid(self) -> None:
        """Ends the process with exit code 1 and one line; it names a variable, never its value."""
        if self.errors:
            sys.exit(self.errors[0])

    def text(self, name: str, default: str = "") -> str:
        return self._variables.get(name, default)

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.fail(name, f"must be one of {', '.join(choices)}")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        return self.choice(name, str(default).lower(), ("true", "false")) == "true"

    def host(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
            self.fail(name, "must be a host name or an IP address")
            return default
        return value

    def integer(self, name: str, default: int, minimum: int, maximum: int) -> int:
        value = self.text(name, str(default))
        if not (re.fullmatch("[0-9]{1,9}", value) and minimum <= int(value) <= maximum):
            self.fail(name, f"must be a whole number from {minimum} to {maximum}")
            return default
        return int(value)
