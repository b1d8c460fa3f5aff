"""The backend that DATABASES names as "database": django-cockroachdb's, with our pool."""

from threading import Lock
from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django_cockroachdb.base import DatabaseWrapper as CockroachDBWrapper

from database.checked_pool import CheckedPool

_lock = Lock()


class DatabaseWrapper(CockroachDBWrapper):  # type: ignore[misc]  # the adapter has no types
    @property
    def pool(self) -> CheckedPool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if not options or self.alias == NO_DB_ALIAS:
            return None
        with _lock:
            pools: dict[str, CheckedPool] = self._connection_pools
            if self.alias not in pools:
                pools[self.alias] = CheckedPool(
                    kwargs={**self.get_connection_params(), "autocommit": True},
                    configure=self._configure_connection,
                    open=False,
                    **options,
                )
            return pools[self.alias]

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        # atomic() drops a connection that broke, and would then wait for another only to set what
        # every new one has. A database that is away would hide the first error behind a second.
        if self.connection is not None or not autocommit:
            super().set_autocommit(autocommit, *args, **kwargs)
