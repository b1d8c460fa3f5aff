from collections.abc import Iterator
from pathlib import Path

import pytest

from database.migrate import FOLDER, MigrationFailed, migrate
from database.pool import Pool
from tests import database


@pytest.fixture
def folder(pool: Pool, tmp_path: Path) -> Iterator[Path]:
    """Of migrations 0000_…, which are forgotten afterwards."""
    yield tmp_path
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM schema_migrations WHERE version LIKE '0000%'")


def test_twice_changes_nothing(parameters: dict[str, str], pool: Pool) -> None:
    assert list(migrate(parameters)) == []
    assert database.number(pool, "schema_migrations") == len(list(FOLDER.glob("*.sql")))


def test_one_that_broke_after_it_ran_is_run_again(parameters: dict[str, str], pool: Pool) -> None:
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM schema_migrations WHERE version LIKE '0003%'")

    assert list(migrate(parameters)) == ["0003_index_transfers_from_account"]


def test_second_statement_in_a_file_is_refused(parameters: dict[str, str], folder: Path) -> None:
    (folder / "0000_two.sql").write_text("SELECT 1;\nCREATE TABLE two (id INT8);\n")

    for _ in range(2):  # the first run must not have recorded it
        with pytest.raises(MigrationFailed, match=r"0000_two\.sql"):
            list(migrate(parameters, folder))


def test_what_only_looks_like_a_second_statement(parameters: dict[str, str], folder: Path) -> None:
    file = folder / "0000_semicolons.sql"
    file.write_text("-- one; two\nSELECT ';', '100%' /* ; */ ;\n")

    assert list(migrate(parameters, folder)) == ["0000_semicolons"]


def test_statement_may_take_longer_than_a_request(parameters: dict[str, str], folder: Path) -> None:
    (folder / "0000_slow.sql").write_text("SELECT pg_sleep(0.3);\n")

    hurried = {**parameters, "options": "-c statement_timeout=100"}
    assert list(migrate(hurried, folder)) == ["0000_slow"]


def test_database_that_does_not_exist(parameters: dict[str, str]) -> None:
    with pytest.raises(MigrationFailed, match='CREATE DATABASE "nowhere"'):
        list(migrate({**parameters, "dbname": "nowhere"}))
