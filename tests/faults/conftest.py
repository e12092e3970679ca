"""A migrated database that the processes of the tests share, and a folder for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.ground import Ground, new_folder, new_ground
from tests.faults.platform_processes import PlatformProcess, started

__all__ = ["Ground"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the database server can go through."""
    with new_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
async def ground() -> AsyncIterator[Ground]:
    """The shared database, migrated, with nothing running on it."""
    async with new_ground() as ground:
        yield ground


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
