"""``wrenchai db``: the revisions of the database."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from server.cli.console import errors, output, say_json

commands = typer.Typer(no_args_is_help=True, help="Look at the database's revision, and bring it up to date.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="db")


@commands.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    from server.platform.revisions import upgrade_database

    errors.print(f"the database is at revision {asyncio.run(upgrade_database())}")


@commands.command()
def current(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show the revision the database is at, and the one this version needs."""
    from server.platform.revisions import current_revision, needed_revision

    revision, needed = asyncio.run(current_revision()), needed_revision()
    if as_json:
        say_json({"current": revision, "needed": needed})
    else:
        output.print(f"{revision or 'none'} (this version needs {needed})")


@commands.command()
def revision(message: Annotated[str, typer.Argument(help="What the revision does.")]) -> None:
    """Write a new revision from the differences between the database and the tables; for developers."""
    from server.platform.revisions import write_revision

    output.print(str(asyncio.run(write_revision(message))))
