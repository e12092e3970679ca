"""The embedded server as the rest of the platform sees it: start, addresses, stop; several processes may share one."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import asyncpg

from persistence.addresses import DatabaseAddresses, DatabaseUnavailable
from persistence.embedded import roles
from persistence.embedded.account import server_account
from persistence.embedded.cluster import Cluster
from persistence.embedded.keeper import keep_running
from persistence.embedded.users import ServerUsers

PATIENCE = 330.0
"""Seconds to wait for another process that starts or stops the same server."""


class EmbeddedPostgres:
    """A handle on the PostgreSQL of one data folder.

    The first handle of all processes starts the server, the last one to ``stop`` stops it. A process that is killed is
    no user any more: the server goes on, and the next handle finds it running.
    """

    def __init__(self) -> None:
        self._users: ServerUsers | None = None
        self._cluster: Cluster | None = None

    async def start(self, data_dir: Path) -> DatabaseAddresses:
        """Start the server in ``<data_dir>/postgres`` (about 2 s the first time, 0.1 s later) and return its addresses.

        Raises:
            DatabaseUnavailable: it cannot be had; the message is one sentence that says why and what to do.
        """
        if self._users is not None:
            raise RuntimeError("this handle has been started already")
        starting = asyncio.ensure_future(asyncio.to_thread(self._start, data_dir))
        try:
            # A thread cannot be cancelled: whoever gives up waits for it, and then lets go of what it got.
            return await roles.create(await asyncio.shield(starting))
        except BaseException as error:
            await asyncio.wait([starting])
            await self.stop()
            if isinstance(error, (asyncpg.PostgresError, OSError)):
                raise DatabaseUnavailable(f"The embedded PostgreSQL in {data_dir} does not answer: {error}.") from error
            raise

    async def keep(self) -> None:
        """Start the server again whenever it has gone, until cancelled. Any of its users may do so, or all of them."""
        cluster, users = self._cluster, self._users
        if cluster is None or users is None:
            raise RuntimeError("this handle has not been started")

        def bring_back() -> bool:
            with users.alone_now() as alone:
                if not alone or not cluster.is_gone():
                    return False
                cluster.start()
                return True

        await keep_running(cluster.is_gone, bring_back)

    async def stop(self) -> None:
        """Let go of the server; it stops if nobody else uses it. Stopping what is not started does nothing."""
        await asyncio.to_thread(self._stop)

    def _start(self, data_dir: Path) -> Path:
        data_dir = data_dir.expanduser().absolute()
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            account = server_account(data_dir / "postgres")
            cluster, users = Cluster(data_dir.resolve(), account), ServerUsers(data_dir.resolve())
            with users.alone(PATIENCE):
                cluster.create()
                socket = cluster.start()
                users.join()
        except OSError as error:
            raise DatabaseUnavailable(_sentence(data_dir, error)) from error
        self._cluster, self._users = cluster, users
        return socket

    def _stop(self) -> None:
        cluster, users = self._cluster, self._users
        if cluster is None or users is None:
            return
        self._cluster = self._users = None
        with users.alone(PATIENCE):
            if users.leave():
                cluster.stop()


def _sentence(data_dir: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk that holds {data_dir} is full: free some space, or choose another WRENCHAI_DATA_DIR."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{error.filename or data_dir} cannot be written: make it yours, or choose another WRENCHAI_DATA_DIR."
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return f"{error.filename or data_dir} is a file where a folder is needed: choose another WRENCHAI_DATA_DIR."
    return f"The data folder {data_dir} cannot be used ({error.strerror}): choose another WRENCHAI_DATA_DIR."
