import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Column, Table, Uuid, text

from database import migrate as module
from database.base import Base
from database.migrate import FOLDER, MigrationFailed, alembic_config, connect_alone, migrate
from database.pool import Pool

NAMES = sorted(file.stem for file in FOLDER.glob("versions/*.py"))

BROKEN = """
from alembic import op

revision = "broken"
down_revision = {head!r}


def upgrade() -> None:
    op.execute("SELECT 1/0")
"""


@pytest.fixture
def config(parameters: dict[str, str]) -> Iterator[Config]:
    """For Alembic's commands."""
    with connect_alone(parameters) as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        yield config


def set_version(pool: Pool, version: str) -> None:
    with pool.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": version})


def test_twice_changes_nothing(parameters: dict[str, str], pool: Pool) -> None:
    assert list(migrate(parameters)) == []


def test_one_that_broke_after_it_ran_is_run_again(parameters: dict[str, str], pool: Pool) -> None:
    set_version(pool, "0002")

    assert list(migrate(parameters)) == NAMES[2:]


def test_runs_at_once(parameters: dict[str, str], pool: Pool) -> None:
    with connect_alone(parameters) as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.execute(text("DROP TABLE alembic_version"))
    with pool.begin() as session:
        session.execute(text(f"DROP TABLE {module.LOCK_TABLE}"))

    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(lambda _: list(migrate(parameters)), range(4)))

    assert sorted(runs) == [[], [], [], NAMES]


def test_a_run_that_waits_says_so(
    parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "NOTICE_S", 0.05)
    with ThreadPoolExecutor(1) as threads:
        with connect_alone(parameters):
            waiting = threads.submit(lambda: list(migrate(parameters)))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert waiting.result() == []

    assert "waiting for another run" in caplog.text


def test_failure_names_the_revision(
    parameters: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "100%")
    (folder / "versions" / "broken.py").write_text(BROKEN.format(head=NAMES[-1][:4]))
    monkeypatch.setattr(module, "FOLDER", folder)

    for _ in range(2):  # the first run must not have recorded it
        with pytest.raises(MigrationFailed, match="broken: division by zero"):
            list(migrate(parameters))


def test_schema_of_a_newer_version(parameters: dict[str, str], pool: Pool) -> None:
    set_version(pool, "9999")
    try:
        with pytest.raises(MigrationFailed, match="9999"):
            list(migrate(parameters))
    finally:
        set_version(pool, NAMES[-1][:4])


def test_database_that_does_not_exist(parameters: dict[str, str]) -> None:
    with pytest.raises(MigrationFailed, match='CREATE DATABASE "nowhere"'):
        list(migrate({**parameters, "dbname": "nowhere"}))


def test_they_make_what_the_entities_say(config: Config) -> None:
    command.check(config)


def test_each_is_one_statement() -> None:
    """A revision that fails half-way leaves what it did, and would fail again on that."""
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        printed = StringIO()
        config = alembic_config()
        config.output_buffer = printed
        command.upgrade(config, f"{script.down_revision or 'base'}:{script.revision}", sql=True)

        statements = re.sub("--.*", "", printed.getvalue()).split(";")
        own = [statement for statement in statements if "alembic_version" not in statement]
        assert [statement.strip() != "" for statement in own] == [True, False], script.path


def test_new_one_is_numbered_and_may_be_run_again(config: Config, tmp_path: Path) -> None:
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{FOLDER / 'versions'}\n{tmp_path}")
    table = Table("later", Base.metadata, Column("id", Uuid, primary_key=True))
    try:
        script = command.revision(
            config, "create later", autogenerate=True, version_path=str(tmp_path)
        )
    finally:
        Base.metadata.remove(table)

    assert isinstance(script, Script)
    assert Path(script.path).name == f"{len(NAMES) + 1:04}_create_later.py"
    written = Path(script.path).read_text(encoding="utf-8")
    assert "if_not_exists=True" in written
    assert "if_exists=True" in written
