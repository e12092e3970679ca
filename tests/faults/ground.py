"""A migrated database that stays up as long as it is wanted, whatever happens to the processes on it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from persistence import data_folder
from persistence.embedded import EmbeddedPostgres
from server import __version__
from server.platform.database import migrate_database
from tests.faults.checker import Checker
from tests.warden import watch


@dataclass(frozen=True)
class Ground:
    """The data folder, and who looks at its database."""

    data_dir: Path
    checker: Checker


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder whose parents the account of the database server can go through."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        watch(Path(name), remove=True)
        yield Path(name)


@asynccontextmanager
async def new_ground() -> AsyncIterator[Ground]:
    """A database of its own, migrated, with nothing running on it."""
    with new_folder() as folder:
        data_dir = folder / "data"
        data_folder.prepare(data_dir, version=__version__)
        server = EmbeddedPostgres()
        addresses = await server.start(data_dir)
        try:
            await migrate_database(addresses)
            yield Ground(data_dir, Checker(addresses.owner_dsn))
        finally:
            await server.stop()
