"""``wrenchai agents``: the agents of this installation, and their tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from server.cli.console import complain, foreign, output, say_json
from server.cli.exit_codes import ExitCode
from server.settings import load_settings

if TYPE_CHECKING:
    from agents.catalogue import InstalledAgents
    from agents.testing import Checked

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The agents of this installation, and their tests.")
    group.command("list")(list_agents)
    group.command("test")(run_cases)
    app.add_typer(group, name="agents")


def list_agents(as_json: AsJson = False) -> None:
    """List the agents that are installed here. One that cannot be loaded is named with the reason."""
    found = _installed()
    if as_json:
        kinds = [{"kind": one.kind, "version": one.version, "purpose": one.purpose} for one in found.all()]
        say_json({"agents": kinds, "broken": found.broken})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("kind", "version", "what it is for"):
        table.add_column(heading, overflow="fold")
    for one in found.all():
        table.add_row(foreign(one.kind), foreign(one.version), foreign(one.purpose))
    output.print(table)
    for name, reason in found.broken.items():
        complain(f"The agent {name} cannot be loaded: {reason}")


def run_cases(
    kind: Annotated[str, typer.Argument(help="Kind of the agent, as `wrenchai agents list` shows it.")],
    cases: Annotated[Path, typer.Argument(help="A file with cases, or a folder with such files.")],
    as_json: AsJson = False,
) -> None:
    """Run an agent on cases, without a server and with real programs, and compare with what each expects.

    A case is a YAML document with `inputs`, the source (`files`, or `source` with a folder), and `expect`: how it
    `ends`, `findings`, fields of the `report`, `artifacts`, `tools` that were called, lines of the `log`.

    Ends with 1 when something was not as expected, and with 2 when a case cannot be run as it is written.
    """
    from agents.testing import CaseUnusable, check, load_cases

    installed = _installed()
    declaration = installed.get(kind)
    if declaration is None:
        known = ", ".join(one.kind for one in installed.all())
        complain(installed.broken.get(kind) or f"There is no agent {kind!r} here; there are: {known}.")
        raise typer.Exit(ExitCode.USAGE)
    try:
        wanted = load_cases(cases)
    except CaseUnusable as error:
        complain(str(error))
        raise typer.Exit(ExitCode.USAGE) from None
    passed = True
    results: list[dict[str, object]] = []
    with asyncio.Runner() as runner:
        for case in wanted:
            checked = runner.run(check(declaration.agent, case))
            passed = passed and checked.passed
            results.append({"case": case.title, "passed": checked.passed, "problems": checked.problems})
            if not as_json:
                _show(checked)
    if as_json:
        say_json({"passed": passed, "cases": results})
    if not passed:
        raise typer.Exit(ExitCode.FAILED)


def _installed() -> InstalledAgents:
    from agents.catalogue import InstalledAgents

    return InstalledAgents(concurrency=load_settings().agent_concurrency)


def _show(checked: Checked) -> None:
    sign = "[green]✓[/]" if checked.passed else "[red]✗[/]"
    output.print(f"{sign} {foreign(checked.case.title)}")
    for problem in checked.problems:
        output.print(f"    {foreign(problem)}")
