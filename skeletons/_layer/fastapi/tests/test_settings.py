import os
import ssl
from pathlib import Path

import pytest

from config.settings import Settings, ca_file

URL = "postgresql://ada:s3cret@db.example.com:26257/bank?sslmode=verify-full"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # away from the .env of whoever runs this
    for name in ("DATABASE_URL", "HOST", "PORT", "DB_POOL_MAX", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)

    settings = Settings.load()

    assert "s3cret" not in repr(settings)
    assert settings.database["host"] == "db.example.com"
    assert (settings.host, settings.port, settings.pool_max) == ("127.0.0.1", 8080, 10)


def test_mistake_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="DATABASE_URL: not set"):
        Settings.load()
    monkeypatch.setenv("DATABASE_URL", URL.replace("ada", "<username>"))
    with pytest.raises(SystemExit, match=r"DATABASE_URL: .*placeholder") as raised:
        Settings.load()
    assert "s3cret" not in str(raised.value)


def test_public_servers_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the bundle that came with the code: the driver's own OpenSSL knows no authority."""
    monkeypatch.setenv("DATABASE_URL", URL)

    bundle = Settings.load().database["sslrootcert"]

    assert os.environ["SSL_CERT_FILE"] == bundle  # for sslrootcert=system
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(bundle)
    assert "Internet Security Research Group" in str(trusted.get_ca_certs())  # Let's Encrypt


def test_another_bundle_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/own.pem")

    assert ca_file() == "/etc/ssl/own.pem"
