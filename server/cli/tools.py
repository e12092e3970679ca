"""``wrenchai tools``: the tools of the agents on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from domain.tool import ToolFacts, ToolKind, ToolStatus
from server.cli.console import complain, errors, foreign, output, say_json
from server.cli.exit_codes import ExitCode
from server.settings import load_settings

commands = typer.Typer(no_args_is_help=True, help="List, show, call, install and verify the tools of the agents.")

STYLES = {ToolStatus.AVAILABLE: "green", ToolStatus.MISSING: "yellow", ToolStatus.BROKEN: "red"}
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="tools")


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """Show every tool: its version, whether it can be used, its licence, and how to install it."""
    from server.platform.tools import open_registry

    registry, _ = open_registry(load_settings())
    _show(asyncio.run(registry.all()), as_json)


@commands.command()
def show(name: Annotated[str, typer.Argument(help="Name of the tool.")], as_json: Json = False) -> None:
    """Show what a tool is for, what it may do, what it is called with, and an example."""
    from server.cli.calling import show_tool
    from server.platform.tools import open_registry

    registry, _ = open_registry(load_settings())
    known = {one.name: one for one in asyncio.run(registry.all())}
    if name not in known:
        raise typer.BadParameter("there is no tool of this name: see `wrenchai tools list`", param_hint="NAME")
    if as_json:
        say_json(_plain(known[name]) | _schemas(known[name]))
    else:
        show_tool(known[name])


@commands.command()
def call(
    name: Annotated[
        str,
        typer.Argument(help="Name of a typed tool, see `wrenchai tools list`; of an MCP server: `mcp:SERVER/TOOL`."),
    ],
    arguments: Annotated[
        str,
        typer.Option("--arguments", "-a", help="A JSON object; @FILE or - to read it from a file or standard input."),
    ] = "{}",
    project: Annotated[str | None, typer.Option(help="Key or id of the project that the call belongs to.")] = None,
    source: Annotated[
        str | None, typer.Option(help="A local folder or a git URL to work on, for a tool that works on a source.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Call a typed tool, wait, and print what it answers. Starts WrenchAI for this command when it is not running.

    The call is an execution like any other: recorded, limited by budgets, to be cancelled and watched. What changes
    something of others waits until it is approved. Ends with 0 when the tool has answered, with 3 when the call was
    refused or failed.
    """
    if project is not None and source is not None:
        raise typer.BadParameter("give either --project or --source", param_hint="--source")
    from server.cli.calling import run_call

    raise typer.Exit(run_call(name, arguments, project, source, as_json=as_json))


@commands.command()
def install(name: Annotated[str, typer.Argument(help="Name of the tool.")], as_json: Json = False) -> None:
    """Install a tool that pins versions into a virtual environment of its own below the data folder.

    Other tools come with WrenchAI or with the system; for those the command that installs them is said.
    """
    from agents.toolbox.known import ALL_TOOLS
    from server.platform.tools import install as install_tool

    known = ALL_TOOLS.get(name)
    if known is None:
        raise typer.BadParameter("there is no tool of this name: see `wrenchai tools list`", param_hint="NAME")
    if known.own_venv is None:
        complain(f"{name} is not installed by WrenchAI: run `{known.install}`.")
        raise typer.Exit(ExitCode.FAILED)
    errors.print(f"[dim]·[/] installing {foreign(known.own_venv.requirement)}")
    path = install_tool(load_settings(), name)
    if as_json:
        say_json({"name": name, "requirement": known.own_venv.requirement, "path": str(path)})
    else:
        output.print(str(path), markup=False)


@commands.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Name of a tool; all of them if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Let each tool say its version and do a tiny piece of work, and say what is wrong.

    Ends with 1 when one is broken; one that is missing counts when it was named.
    """
    from agents.toolbox.verify import verify as verify_tools
    from server.platform.tools import open_registry

    registry, toolbox = open_registry(load_settings())
    try:
        found = asyncio.run(verify_tools(registry, toolbox, name))
    except KeyError:
        raise typer.BadParameter(
            "there is no tool of this name: see `wrenchai tools list`", param_hint="NAME"
        ) from None
    _show(found, as_json)
    bad = {ToolStatus.BROKEN} if name is None else {ToolStatus.BROKEN, ToolStatus.MISSING}
    if any(one.status in bad for one in found):
        raise typer.Exit(ExitCode.FAILED)


def _show(found: Sequence[ToolFacts], as_json: bool) -> None:
    if as_json:
        say_json([_plain(one) for one in found])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("tool", "version", "status", "licence", "what for", "what to do"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "tool")
    for one in found:
        todo = one.problem if one.status is ToolStatus.BROKEN else one.install_hint if one.version is None else ""
        row = (one.name, one.version or "-", one.status.value.lower(), one.licence, one.purpose, todo or "")
        table.add_row(*(foreign(cell) for cell in row), style=STYLES[one.status])
    output.print(table)


def _plain(one: ToolFacts) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind.value,
        "version": one.version,
        "status": one.status.value,
        "problem": one.problem,
        "licence": one.licence,
        "purpose": one.purpose,
        "installHint": one.install_hint,
        "sideEffects": list(one.side_effects),
        "repeatable": one.repeatable if one.kind is ToolKind.TYPED else None,
        "exitCodes": {str(code.code): code.meaning for code in one.exit_codes},
    }


def _schemas(one: ToolFacts) -> dict[str, Any]:
    return {
        "needsSource": one.needs_source,
        "timeoutSeconds": None if one.timeout is None else one.timeout.total_seconds(),
        "argumentsSchema": one.arguments_schema,
        "resultSchema": one.result_schema,
        "example": one.example,
    }
