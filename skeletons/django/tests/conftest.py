import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker: DjangoDbBlocker) -> None:
    """Ends the run with one line if there is no node: Django's own errors would fill a page."""
    with django_db_blocker.unblock():
        try:
            with connection._nodb_cursor():
                pass
        except OperationalError as error:
            reason = " ".join(str(error).split())
            pytest.exit(f"no node for the tests: docker compose up -d cockroach ({reason})", 1)
