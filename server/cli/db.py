"""``wrenchai db``: the revisions of the database."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from persistence import data_folder, migrate
from server import __version__
from server.cli.console import errors, output, say_json
from server.platform.database import database, migrate_database
from server.settings import Settings, load_settings

commands = typer.Typer(no_args_is_help=True, help="Look at the database's revision, and bring it up to date.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="db")


@commands.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    asyncio.run(_upgrade(load_settings()))


@commands.command()
def current(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show the revision the database is at, and the one this version needs."""
    revision = asyncio.run(_current(load_settings()))
    if as_json:
        say_json({"current": revision, "needed": migrate.head()})
    else:
        output.print(f"{revision or 'none'} (this version needs {migrate.head()})")


@commands.command()
def revision(message: Annotated[str, typer.Argument(help="What the revision does.")]) -> None:
    """Write a new revision from the differences between the database and the tables; for developers."""
    output.print(str(asyncio.run(_revision(load_settings(), message))))


async def _upgrade(settings: Settings) -> None:
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        await migrate_database(addresses)
        errors.print(f"the database is at revision {await migrate.current(addresses.owner_url)}")


async def _current(settings: Settings) -> str | None:
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        return await migrate.current(addresses.owner_url)


async def _revision(settings: Settings, message: str) -> str:
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        return str(await migrate.write_revision(addresses.owner_url, message))
