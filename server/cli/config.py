"""``wrenchai config``: the settings in force."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from server.cli.console import output, say_json
from server.effective_settings import EffectiveSetting, Origin, effective_settings
from server.settings import load_settings
from server.telemetry.variables import shown_variables


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("config")(config)


def config(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show the settings in force, where each came from, and what it is for. Secrets are hidden."""
    settings = [*effective_settings(load_settings()), *shown_variables()]
    if as_json:
        say_json([asdict(setting) for setting in settings])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, whole in (("variable", True), ("value", False), ("from", True), ("what it is for", False)):
        table.add_column(heading, overflow="fold", no_wrap=whole)
    for setting in settings:
        style = "bold" if setting.origin is Origin.ENVIRONMENT else ""
        table.add_row(setting.variable, _text(setting), setting.origin, setting.description, style=style)
    output.print(table, markup=False)


def _text(setting: EffectiveSetting) -> str:
    if setting.value is None:
        return "-"
    return ", ".join(setting.value) if isinstance(setting.value, list) else str(setting.value)
