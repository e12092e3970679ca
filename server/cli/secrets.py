"""``wrenchai secrets``: values that tools get by name and that nobody can read."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import Annotated

import typer
from rich.table import Table

from server.cli.console import errors, foreign, output, say_json
from server.settings import load_settings

commands = typer.Typer(no_args_is_help=True, help="Set, list, delete and rotate the secrets of tools.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="secrets")


@commands.command("set")
def set_(name: Annotated[str, typer.Argument(help="What tools ask for it by.")]) -> None:
    """Keep a value under a name. It is read from standard input, or asked for at a terminal; never an argument.

    One line break at its end is left out.
    """
    from server.platform.secrets import set_secret

    secret = asyncio.run(set_secret(load_settings(), name, _value()))
    errors.print(f"kept {foreign(secret.name)}, under the key {secret.key_id}")


@commands.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show the names of the secrets, and when each was set. Their values cannot be shown."""
    from server.platform.secrets import list_secrets

    found = asyncio.run(list_secrets(load_settings()))
    if as_json:
        say_json(
            [
                {"name": one.name, "keyId": one.key_id, "updatedBy": one.updated_by, "updatedAt": str(one.updated_at)}
                for one in found
            ]
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "set", "by", "key"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.name, f"{one.updated_at:%Y-%m-%d %H:%M}", one.updated_by, one.key_id)
    output.print(table, markup=False)


@commands.command()
def delete(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Forget a secret."""
    from server.platform.secrets import delete_secret

    asyncio.run(delete_secret(load_settings(), name))
    errors.print(f"forgot {foreign(name)}")


@commands.command()
def rotate(
    forget: Annotated[bool, typer.Option("--forget", help="Forget the old keys of the file as well.")] = False,
) -> None:
    """Put every secret under a fresh master key, or under the first in WRENCHAI_SECRETS_KEY.

    Old keys in the file stay good for opening, for a server that just seals under one, until they are forgotten.
    """
    from server.platform.secrets import rotate as rotate_keys

    done = asyncio.run(rotate_keys(load_settings(), forget=forget))
    forgot = f"; {done.forgotten} old keys are forgotten" if forget else ""
    errors.print(f"{done.moved} secrets are under the key {done.key_id} now{forgot}")


def _value() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("value: ")
    try:
        value = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise typer.BadParameter("standard input does not hold UTF-8 text", param_hint="value") from None
    return value.removesuffix("\n").removesuffix("\r")
