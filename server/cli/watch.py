"""``wrenchai watch``: an execution, live."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from server.cli.console import output
from server.cli.exit_codes import ExitCode


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    execution: Annotated[str, typer.Argument(help="The id of an execution, or the key of a task for its newest one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line for each event.")] = False,
) -> None:
    """Follow an execution from its first event to its last; a connection that is cut is resumed without a gap.

    Ends with 0 when the execution succeeded, else with 3.
    """
    raise typer.Exit(asyncio.run(_watch(execution, as_json=as_json)))


async def _watch(named: str, *, as_json: bool) -> int:
    from server.cli.audit_view import AuditView
    from server.client.audit import follow
    from server.client.local_server import connected
    from server.client.named import execution_named, is_key
    from server.settings import load_settings

    last: dict[str, Any] = {}
    view = AuditView(output, named if is_key(named) else named[:8])

    def show(event: dict[str, Any]) -> None:
        last.update(event)
        if as_json:
            output.out(json.dumps(event, ensure_ascii=False), highlight=False)
        else:
            view.show(event)

    async with connected(load_settings()) as client:
        execution_id = await execution_named(client, named)
        with nullcontext() if as_json or not output.is_terminal else view:
            await follow(client, execution_id, show)
    return ExitCode.OK if last.get("outcome") == "SUCCEEDED" else ExitCode.EXECUTION
