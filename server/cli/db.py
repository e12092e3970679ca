"""``wrenchai db``: the database's revisions, its backups, and what is removed from it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from server.cli.console import errors, foreign, output, say_json
from server.settings import load_settings

commands = typer.Typer(no_args_is_help=True, help="Migrate, back up, restore and prune the database.")


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
def backup(
    file: Annotated[str, typer.Argument(help="Where to write it; - is standard output.", metavar="FILE|-")],
) -> None:
    """Write database, artifacts and source roots into one file; the platform may be running.

    A file of that name is replaced once the new one is complete. Secrets (the local token, sessions) are not in it.
    """
    from server.platform.backing_up import back_up

    back_up(load_settings(), file, _tell)


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `wrenchai db backup` wrote.", metavar="FILE", readable=False)],
) -> None:
    """Restore a backup into an empty data folder and an empty database; `wrenchai up` resumes its pending work.

    The file is verified before anything is touched. A restore that was interrupted is started again in the same way.
    """
    from server.platform.restoring import restore as restore_backup

    restore_backup(load_settings(), file, _tell)


@commands.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing, and say what would go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Remove at once what is older than the settings keep it, as the workers do now and then."""
    from server.platform.pruning import prune_database

    removed = asyncio.run(prune_database(load_settings(), dry_run=dry_run))
    if as_json:
        say_json({"dryRun": dry_run, **asdict(removed)})
        return
    errors.print("would go:" if dry_run else "gone:")
    for name, count in asdict(removed).items():
        output.print(f"{count:>12,} {name.replace('_', ' ')}")


@commands.command()
def revision(message: Annotated[str, typer.Argument(help="What the revision does.")]) -> None:
    """Write a new revision from the differences between the database and the tables; for developers."""
    from server.platform.revisions import write_revision

    output.print(str(asyncio.run(write_revision(message))))


def _tell(stage: str) -> None:
    errors.print(f"[dim]·[/] {foreign(stage)}")
