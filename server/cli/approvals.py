"""``wrenchai approvals``: what agents ask before they act, and the answers."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from server.cli.console import foreign, output, say_json

if TYPE_CHECKING:
    from server.client.approvals import Decision

commands = typer.Typer(name="approvals", help="Look at what agents ask, and decide it.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="The id of the approval, or the key of a task that waits for one.")]
Comment = Annotated[str | None, typer.Option("--comment", help="Why, for those who will read it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether to do it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands)


@commands.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what waits for a decision, the oldest first."""
    waiting = asyncio.run(_awaiting())
    if as_json:
        say_json(waiting)
    elif not waiting:
        output.print("Nothing waits for a decision.")
    else:
        output.print(_table(waiting))


@commands.command()
def approve(which: Which, comment: Comment = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Show an action and approve exactly what is shown; its execution goes on."""
    asyncio.run(_decide("approve", which, comment, yes=yes, as_json=as_json))


@commands.command()
def reject(which: Which, comment: Comment = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Show an action and reject it; its execution goes on without it, or fails."""
    asyncio.run(_decide("reject", which, comment, yes=yes, as_json=as_json))


async def _awaiting() -> list[dict[str, Any]]:
    from server.client.approvals import awaiting_approvals
    from server.client.local_server import connected
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        return await awaiting_approvals(client)


async def _decide(decision: Decision, which: str, comment: str | None, *, yes: bool, as_json: bool) -> None:
    from server.client.approvals import approval_named, decide
    from server.client.local_server import connected
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        approval = await approval_named(client, which)
        if not as_json:
            output.print(described(approval))
        if not yes:
            await asyncio.to_thread(_ask, decision)
        decided = await decide(client, decision, approval, comment)
    if as_json:
        say_json(decided)
    else:
        output.print(outcome(decided))


def _ask(decision: Decision) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is nobody to ask whether to do it.", param_hint="--yes")
    typer.confirm(f"{decision.capitalize()} it?", abort=True)


def described(approval: dict[str, Any]) -> str:
    """Everything one should know before one decides."""
    action, task = approval["action"], approval["task"] or {"key": "?", "title": ""}
    agent = (approval["execution"] or {"agentKind": "?"})["agentKind"]
    asked_by = f"{foreign(task['key'])} {foreign(task['title'])} [dim]({foreign(agent)})[/]"
    lines = [
        f"[bold]{foreign(action['summary'])}[/]",
        f"  asked by   {asked_by}",
        f"  action     {foreign(action['name'])}, {foreign(action['kind'])}, risk {foreign(action['risk'])}",
        f"  arguments  {foreign(json.dumps(action['arguments'], sort_keys=True))}",
        f"  digest     [dim]{foreign(action['digest'])}[/]",
    ]
    if approval["quorum"] > 1:
        lines.append(f"  needs      {approval['quorum']} persons; {len(approval['votes'])} have approved")
    if approval["expiresAt"]:
        lines.append(f"  until      {foreign(approval['expiresAt'])}, then {foreign(approval['fallback'])}")
    return "\n".join(lines)


def outcome(decided: dict[str, Any]) -> str:
    """What came of a decision."""
    if decided["status"] == "PENDING":
        given = sum(vote["decision"] == "APPROVE" for vote in decided["votes"])
        return f"[yellow]noted[/]: {given} of {decided['quorum']} persons have approved"
    style = "green" if decided["status"] == "APPROVED" else "red"
    own = " by yourself, since nobody else could" if decided["selfApproved"] else ""
    return f"[{style}]{decided['status']}[/]{own}"


def _table(waiting: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for column in ("task", "risk", "what", "until", "id"):
        table.add_column(column, overflow="fold")
    for one in waiting:
        task = one["task"] or {"key": "?"}
        until = f"{one['expiresAt']}, then {one['fallback']}" if one["expiresAt"] else ""
        cells = (task["key"], one["action"]["risk"], one["action"]["summary"], until, one["id"])
        table.add_row(*map(foreign, cells))
    return table
