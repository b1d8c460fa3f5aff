import logging
from pathlib import Path

import pytest

from config.environment import Environment
from config.logs import JSONFormatter, TextFormatter


def test_first_mistake_ends_the_process() -> None:
    env = Environment({"PORT": "http", "LOG_LEVEL": "loud", "HOST": "::1", "DB_POOL_MAX": "4"})

    assert env.host("HOST", "127.0.0.1") == "::1"
    assert env.integer("DB_POOL_MAX", 10, 1, 1000) == 4
    assert env.integer("PORT", 8080, 1, 65535) == 8080
    assert env.choice("LOG_LEVEL", "info", ("info", "error")) == "info"
    with pytest.raises(SystemExit, match="PORT: must be a whole number from 1 to 65535"):
        env.exit_if_invalid()


def test_real_variables_win_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_FILE='$HOME %40'\nFROM_BOTH='file'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROM_BOTH", "real")
    monkeypatch.setenv("FROM_FILE", "")
    monkeypatch.delenv("FROM_FILE")

    env = Environment.load()

    assert env.text("FROM_FILE") == "$HOME %40"
    assert env.text("FROM_BOTH") == "real"


@pytest.mark.parametrize("formatter", [TextFormatter(), JSONFormatter()])
def test_a_log_line_is_one_line(formatter: logging.Formatter) -> None:
    record = logging.makeLogRecord(
        {"name": "api", "msg": "a\nb", "fields": {"path": "/x", "error": "c\nd"}}
    )

    line = formatter.format(record)

    assert "\n" not in line
    assert "/x" in line
