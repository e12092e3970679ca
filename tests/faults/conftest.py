"""A migrated database that the processes of the tests share, and a folder for each test."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from persistence import data_folder
from persistence.embedded import EmbeddedPostgres
from server import __version__
from server.client.graphql_client import GraphQLClient
from server.platform.database import migrate_database
from tests.faults.checker import Checker
from tests.faults.platform_processes import PlatformProcess, started


@dataclass(frozen=True)
class Ground:
    """The database is up as long as the tests run, whatever happens to the processes on it."""

    data_dir: Path
    checker: Checker


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the database server can go through."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
async def ground() -> AsyncIterator[Ground]:
    """The shared database, migrated, with nothing running on it."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        data_dir = Path(name) / "data"
        data_folder.prepare(data_dir, version=__version__)
        server = EmbeddedPostgres()
        addresses = await server.start(data_dir)
        try:
            await migrate_database(addresses)
            yield Ground(data_dir, Checker(addresses.owner_dsn))
        finally:
            await server.stop()


@pytest.fixture(scope="session")
async def api(ground: Ground) -> AsyncIterator[PlatformProcess]:
    """``wrenchai serve`` on the shared database."""
    async with started("serve", ground.data_dir) as process:
        yield process


@pytest.fixture
async def caller(api: PlatformProcess) -> AsyncIterator[GraphQLClient]:
    """A client of that API."""
    async with api.client() as client:
        yield client
