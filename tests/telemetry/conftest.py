"""A migrated database, a folder and a collector for each test of what the platform tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground, new_folder, new_ground
from tests.telemetry.collector import Collector, collecting


@pytest.fixture(scope="module")
async def ground() -> AsyncIterator[Ground]:
    """A database of these tests, with nothing running on it."""
    async with new_ground() as ground:
        yield ground


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the database server can go through."""
    with new_folder() as folder:
        yield folder


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """Takes spans, in the memory of this process."""
    async with collecting() as collector:
        yield collector
