import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db


def test_they_match_the_models() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_each_is_one_operation() -> None:
    """A migration that fails half-way leaves what it did, and would fail again on that."""
    migrations = MigrationLoader(connection).disk_migrations

    assert migrations
    assert [key for key, made in migrations.items() if len(made.operations) != 1] == []
