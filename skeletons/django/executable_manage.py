#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    command = sys.argv[1:2]
    # Tests never meet the database of DATABASE_URL, whoever runs them.
    os.environ.setdefault(
        "DJANGO_SETTINGS_MODULE", "tests.settings" if command == ["test"] else "config.settings"
    )
    if command == ["migrate"]:
        from config.settings import env

        env.exit_if_invalid()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
