"""``wrenchai doctor``: what is installed, missing or misconfigured."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from server.cli.console import output, say_json
from server.cli.exit_codes import ExitCode
from server.settings import load_settings

if TYPE_CHECKING:
    from server.diagnosis import Check

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}
"""By health."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Look at this machine: what is installed, missing or misconfigured, with the command that mends each.

    Ends with 0 when everything essential works (warnings allowed), and with 1 when something essential is missing.
    """
    from server.diagnosis import Health, diagnose

    checks = asyncio.run(diagnose(load_settings()))
    broken = any(check.health is Health.ERROR for check in checks)
    if as_json:
        say_json({"ok": not broken, "checks": [asdict(check) for check in checks]})
    else:
        output.print(_table(checks))
    if broken:
        raise typer.Exit(ExitCode.FAILED)


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for check in checks:
        sign, colour = SIGNS[check.health.value]
        detail = Text(check.detail)
        if check.mend:
            detail.append(f"\n→ {check.mend}", style="bold")
        table.add_row(Text(sign, style=colour), Text(check.name), detail)
    return table
