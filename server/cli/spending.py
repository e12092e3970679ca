"""``wrenchai usage`` and ``wrenchai budget``: what was spent, and what may be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from server.cli.console import foreign, output, say_json

if TYPE_CHECKING:
    from server.client.graphql_client import GraphQLClient
    from server.client.spending import Holder

Answer = TypeVar("Answer")

TaskOption = Annotated[str | None, typer.Option("--task", metavar="KEY", help="A task with all below it.")]
ProjectOption = Annotated[str | None, typer.Option("--project", metavar="KEY", help="A project with all its tasks.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]

budget = typer.Typer(help="Set, list and remove budgets: how much may be spent.", no_args_is_help=True)


class Limited(StrEnum):
    """What can be limited, as the command line has it."""

    COST = "cost"
    CPU_SECONDS = "cpu-seconds"
    BYTES = "bytes"
    TOOL_CALLS = "tool-calls"
    UNPRICED_CALLS = "unpriced-calls"
    INPUT_TOKENS = "input-tokens"
    OUTPUT_TOKENS = "output-tokens"
    CACHED_TOKENS = "cached-tokens"

    @property
    def unit(self) -> str:
        """As the API has it."""
        return self.name


UnitArgument = Annotated[Limited, typer.Argument(help="What is limited.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("usage")(usage)
    app.add_typer(budget, name="budget")


def usage(task: TaskOption = None, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show what was spent and is reserved: of a task, of a project, or of the whole workspace.

    Calls of tools without a price are counted on a line of their own: what they cost is not known, and not 0.
    """
    from server.client import spending

    found = _run(lambda client: spending.usage(client, _holder(task, project)))
    if as_json:
        say_json(found)
        return
    _show(((_said(one["unit"]), one) for one in found["units"]), "what")
    if found["unpricedCalls"] != "0":
        output.print(f"the cost is without {found['unpricedCalls']} calls of tools that have no price", style="yellow")


@budget.command("set", context_settings={"ignore_unknown_options": True})
def set_budget(
    unit: UnitArgument,
    limit: Annotated[str, typer.Argument(help="How much, for example 12.50.")],
    task: TaskOption = None,
    project: ProjectOption = None,
) -> None:
    """Set a budget of a task, of a project, or of the whole workspace. It counts what was spent before, too."""
    from server.client import spending

    made = _run(lambda client: spending.set_budget(client, _holder(task, project), unit.unit, limit))
    _show([(unit.value, made)], "what")


@budget.command("list")
def list_budgets(as_json: JsonOption = False) -> None:
    """List all budgets, the newest first."""
    from server.client import spending

    found = _run(spending.budgets)
    if as_json:
        say_json(found)
    elif found:
        _show(((f"{_said(one['unit'])} of {_of(one)}", one) for one in found), "budget")
    else:
        output.print("no budgets: `wrenchai budget set cost 10` sets one")


@budget.command("remove")
def remove_budget(unit: UnitArgument, task: TaskOption = None, project: ProjectOption = None) -> None:
    """Remove a budget of a task, of a project, or of the whole workspace; what was spent stays in the ledger."""
    from server.client import spending

    _run(lambda client: spending.remove_budget(client, _holder(task, project), unit.unit))


def _holder(task: str | None, project: str | None) -> Holder:
    from server.client.spending import Holder

    if task is not None and project is not None:
        raise typer.BadParameter("name a task or a project, not both", param_hint="--task")
    return Holder(task=task, project=project)


def _run(work: Callable[[GraphQLClient], Awaitable[Answer]]) -> Answer:
    from server.client.local_server import connected
    from server.settings import load_settings

    async def ask() -> Answer:
        async with connected(load_settings()) as client:
            return await work(client)

    return asyncio.run(ask())


def _show(rows: Iterable[tuple[str, dict[str, Any]]], heading: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(heading)
    for name in ("spent", "reserved", "budget", "left"):
        table.add_column(name, justify="right")
    for label, row in rows:
        values = (row["spent"], row["reserved"], row["limit"], row["available"])
        table.add_row(foreign(label), *(value or "-" for value in values))
    output.print(table)


def _of(found: dict[str, Any]) -> str:
    of = found["of"] or {}
    if "number" in of:
        return f"execution {of['number']} of {(of['task'] or {}).get('key', 'a deleted task')}"
    if found["scope"] == "WORKSPACE":
        return "the workspace"
    return f"{found['scope'].lower()} {of.get('key', 'that was deleted')}"


def _said(unit: str) -> str:
    return unit.lower().replace("_", "-")
