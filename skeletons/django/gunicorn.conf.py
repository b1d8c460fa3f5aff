"""gunicorn's settings; gunicorn finds this file by its name."""

from typing import Any

from django.db import connections

from config import settings

# Here in the master, once: a worker that dies of it would be started again and again.
settings.env.exit_if_invalid()

wsgi_app = "config.wsgi"
_host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
bind = f"{_host}:{settings.PORT}"

# One process, so that DB_POOL_MAX is what it says; replicas use more processors. Threads enough
# that /healthz finds one while all connections are in use and waited for, and some for probes.
workers = 1
worker_class = "config.worker.Worker"
threads = 4 * settings.DB_POOL_MAX + 16

graceful_timeout = settings.REQUEST_TIMEOUT_S
keepalive = 75  # longer than a load balancer's 60: whoever closes first may cut off a request
control_socket_disable = True  # it would be a file in HOME, shared by all instances
logconfig_dict = settings.LOGGING


def worker_exit(server: Any, worker: Any) -> None:
    connections["default"].close_pool()  # type: ignore[attr-defined]  # PostgreSQL's have it
