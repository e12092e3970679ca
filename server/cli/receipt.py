"""``wrenchai receipt``: get the receipt of an execution, and verify one where there is no server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.cli.console import errors, foreign, output, say_json
from server.cli.exit_codes import ExitCode

commands = typer.Typer(no_args_is_help=True, help="Get and verify the signed receipts of executions.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="receipt")


@commands.command()
def get(
    execution: Annotated[str, typer.Argument(help="The id of an execution, or the key of a task for its newest one.")],
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="Write it into this folder, with the events and the artifacts that it can be checked against."
        ),
    ] = None,
) -> None:
    """Get the receipt of an execution that has ended from the running server; it is printed unless told otherwise."""
    from server.client.receipts import fetch

    if file is not None and bundle is not None:
        raise typer.BadParameter("give either --output or --bundle", param_hint="--bundle")
    document = asyncio.run(fetch(execution, bundle))
    if file is not None:
        file.write_bytes(document)
    elif bundle is None:
        output.out(document.decode(), end="", highlight=False)
    else:
        errors.print(f"wrote {foreign(str(bundle))}; to check it: wrenchai receipt verify {foreign(str(bundle))}")


@commands.command()
def key(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show the public key that this installation signs receipts with, as 64 hex digits."""
    from server.security.receipt_key import ReceiptKey
    from server.settings import load_settings

    settings = load_settings()
    try:
        known = ReceiptKey.read(settings.data_dir)
    except FileNotFoundError:
        errors.print(f"There is no key in {foreign(str(settings.data_dir))} yet: it is made when WrenchAI starts.")
        raise typer.Exit(ExitCode.UNAVAILABLE) from None
    if as_json:
        say_json({"algorithm": "Ed25519", "keyId": known.key_id, "publicKey": known.public_key})
    else:
        output.print(known.public_key)


@commands.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help="A receipt, or the folder of a bundle.", metavar="FILE|FOLDER", readable=False)
    ],
    public_key: Annotated[
        str | None,
        typer.Option("--key", help="The key it must be signed with: 64 hex digits, or a file that has them."),
    ] = None,
    artifacts: Annotated[Path | None, typer.Option(help="A folder with artifacts to compare.")] = None,
    events: Annotated[Path | None, typer.Option(help="A file with the events, one JSON object a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Verify a receipt offline: its signature, its form, and what is given along with it. Says what was not checked.

    Ends with 0 when everything that was checked is right, and with 1 when anything is not.
    """
    from domain.receipt_check import ReceiptRefused
    from server.receipts import verify_file

    try:
        checked = verify_file(file, public_key, artifacts, events)
    except ReceiptRefused as refusal:
        if as_json:
            say_json({"ok": False, "reason": str(refusal)})
        errors.print(f"[bold red]✗ refused:[/] {foreign(str(refusal))}")
        raise typer.Exit(ExitCode.FAILED) from None
    if as_json:
        say_json({"ok": True, "checked": checked.right, "notChecked": checked.open, "statement": checked.statement})
        return
    for line in checked.right:
        output.print(f"[green]✓[/] {foreign(line)}")
    for line in checked.open:
        output.print(f"[yellow]·[/] not checked: {foreign(line)}")
    output.print(foreign(checked.summary))
