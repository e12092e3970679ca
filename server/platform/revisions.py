"""The revisions of the configured database: look, bring up to date, write a new one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from persistence import data_folder, migrate
from persistence.addresses import DatabaseAddresses
from server import __version__
from server.platform.database import database, migrate_database
from server.settings import load_settings


async def upgrade_database() -> str | None:
    """Apply what is missing, the engine's tables included, and answer the revision reached."""
    async with _configured() as addresses:
        await migrate_database(addresses)
        return await migrate.current(addresses.owner_url)


async def current_revision() -> str | None:
    """The revision the database is at; ``None`` when it is empty."""
    async with _configured() as addresses:
        return await migrate.current(addresses.owner_url)


def needed_revision() -> str:
    """The revision that this version works with."""
    return migrate.head()


async def write_revision(message: str) -> Path:
    """Write a revision from the differences between the database and the tables, and answer its file."""
    async with _configured() as addresses:
        return await migrate.write_revision(addresses.owner_url, message)


@asynccontextmanager
async def _configured() -> AsyncIterator[DatabaseAddresses]:
    settings = load_settings()
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        yield addresses
