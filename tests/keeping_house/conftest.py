"""A folder for each test, and a backup that several tests spoil in their own way."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from persistence import data_folder
from persistence.artifacts import DiskArtifacts
from server import __version__
from server.platform.database import database, migrate_database
from server.platform.wiring import open_platform
from server.settings import load_settings
from tests.keeping_house.commands import db


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the database server can go through."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-house-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
async def backup() -> AsyncIterator[Path]:
    """A backup of a small installation with one artifact."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-house-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        data_dir = Path(name) / "data"
        settings = load_settings(data_dir=data_dir)
        data_folder.prepare(data_dir, version=__version__)
        async with database(settings) as addresses:
            await migrate_database(addresses)
            async with open_platform(settings, addresses):
                pass
        await DiskArtifacts(data_dir / "artifacts", max_bytes=2**20).put(b"an artifact")
        made = await db(data_dir, "backup", Path(name) / "backup")
        assert made.code == 0, made.said
        yield Path(name) / "backup"
