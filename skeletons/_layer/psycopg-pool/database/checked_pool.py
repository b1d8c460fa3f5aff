"""psycopg's pool, made to keep deadlines and to lend only what works."""

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from database.connection import Connection
from database.deadline import remaining, within


class CheckedPool(ConnectionPool[Connection]):
    """Hands out connections that have just answered, in its timeout and the caller's deadline."""

    def getconn(self, timeout: float | None = None) -> Connection:
        with within(self.timeout if timeout is None else timeout):
            while True:
                try:
                    connection = super().getconn(remaining())
                except PoolTimeout:
                    raise PoolTimeout("no connection in time") from Connection.failure
                try:
                    self.check_connection(connection)
                except psycopg.Error:
                    # At once to the next one. The pool's own check would sleep a second first, and
                    # after a restart of the server every idle connection fails it.
                    connection.close()
                    self.putconn(connection)
                else:
                    return connection

    def reconnect_failed(self) -> None:
        super().reconnect_failed()
        # Nobody connects any more. While none is lent, there is nothing to wait for either, and
        # requests that do so all the same would soon have taken every thread.
        with self._lock:
            if self._nconns:
                return
            waiting = list(self._waiting)
            self._waiting.clear()
        for client in waiting:
            client.fail(PoolTimeout("no connection"))
