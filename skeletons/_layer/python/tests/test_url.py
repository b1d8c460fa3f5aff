import pytest

from database.connection import read_url
from database.url import InvalidURL


def read(url: str) -> dict[str, str]:
    return read_url(url, application_name="app", ca_file="/ca.pem")


def test_url_is_completed() -> None:
    found = read("postgresql://ada:p%40ss%2Fword@db.example.com:26257/bank?sslmode=verify-full")

    assert found == {
        "user": "ada",
        "password": "p@ss/word",
        "host": "db.example.com",
        "port": "26257",
        "dbname": "bank",
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "sslcertmode": "disable",
        "application_name": "app",
        "connect_timeout": "3",
        "options": "-c statement_timeout=10000",
    }


def test_what_the_url_says_wins() -> None:
    found = read(
        "postgresql://ada@db.example.com/bank?sslmode=verify-full&sslrootcert=/own.crt"
        "&sslcert=/ada.crt&sslkey=/ada.key&options=--cluster%3Dfunny-skunk-123"
    )

    assert found["sslrootcert"] == "/own.crt"
    assert found["sslcert"] == "/ada.crt"
    assert "sslcertmode" not in found
    assert found["options"] == "-c statement_timeout=10000 --cluster=funny-skunk-123"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "cockroach"])
def test_near_hosts_may_do_without_tls(host: str) -> None:
    assert read(f"postgresql://root@{host}:26257/bank?sslmode=disable")["sslmode"] == "disable"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not set"),
        ("s3cret", "postgresql://"),
        ("mysql://ada:s3cret@localhost/bank", "postgresql://"),
        ("postgresql://<username>:s3cret@host/bank?sslmode=verify-full", "placeholder"),
        ("postgresql://ada:s3cret%zz@host/bank?sslmode=verify-full", "percent-encode"),
        ("postgresql://ada:s3cret@s3cret@host/bank?sslmode=verify-full", "%40"),
        ("postgresql://ada:1/s3cret@host/bank?sslmode=verify-full", "%2F"),
        ("postgresql://ada:s3cret@host:port/bank?sslmode=verify-full", "port"),
        ("postgresql://ada:s3cret@host:26257/?sslmode=verify-full", "database"),
        ("postgresql:///bank?sslmode=disable", "host"),
        ("postgresql://ada:s3cret@host/bank", "sslmode"),
        ("postgresql://ada:s3cret@host/bank?sslmode=require", "verify-full"),
        ("postgresql://ada:s3cret@db.example.com/bank?sslmode=disable", "verify-full"),
        ("postgresql://ada:s3cret@[2001:db8::1]/bank?sslmode=disable", "verify-full"),
        ("postgresql://localhost/bank?sslmode=disable&host=db.example.com", "verify-full"),
        ("postgresql://ada@host/bank?sslmode=verify-full&s3cret=x", "valid"),
    ],
)
def test_url_is_refused(url: str, reason: str) -> None:
    with pytest.raises(InvalidURL, match=reason) as raised:
        read(url)
    assert "s3cret" not in str(raised.value)
