"""``wrenchai retry`` and ``wrenchai cancel``: another try for a task, and the end of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.console import foreign, output, say_json

if TYPE_CHECKING:
    from server.client.graphql_client import GraphQLClient

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="The key of a task, for example WR-12, or its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("retry")(retry)
    app.command("cancel")(cancel)


def retry(task: TaskArgument, as_json: AsJson = False) -> None:
    """Give a task that is FAILED, CANCELLED or SKIPPED another try, with a new execution of its own.

    While it still waits for other tasks, it is tried when those are done.
    """
    from server.client import tasks

    done = _run(lambda client: tasks.retry(client, task))
    if as_json:
        say_json(done)
        return
    key = foreign(done["task"]["key"])
    if done["execution"] is None:
        output.print(f"{key} is {done['task']['status']}: it starts as soon as nothing is in its way")
    else:
        output.print(f"{key} is tried again, as execution {done['execution']['number']}: `wrenchai watch {key}`")


def cancel(
    task: TaskArgument,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for those who will read it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a task: at once if it waits, else as soon as no process of its execution is left. Says which it was."""
    from server.client import tasks

    done = _run(lambda client: tasks.cancel(client, task, reason))
    if as_json:
        say_json(done)
        return
    key = foreign(done["task"]["key"])
    if done["task"]["status"] == "CANCELLED":
        output.print(f"{key} is cancelled")
    else:
        output.print(
            f"{key} is told to stop, and cancelled as soon as no process of it is left: `wrenchai watch {key}`"
        )


def _run(work: Callable[[GraphQLClient], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    from server.client.local_server import connected
    from server.settings import load_settings

    async def ask() -> dict[str, Any]:
        async with connected(load_settings()) as client:
            return await work(client)

    return asyncio.run(ask())
