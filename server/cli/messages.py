"""``wrenchai messages``: what agents say to each other, and saying something to one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from server.cli.console import foreign, output, say_json

LONGEST = 300
"""Characters of a message's content that are shown in a line; ``--json`` shows all of them."""
STATE_STYLE = {"QUEUED": "dim", "DELIVERED": "yellow", "HANDLED": "green", "EXPIRED": "red", "UNDELIVERABLE": "red"}


class _ListsByDefault(TyperGroup):
    """``wrenchai messages WR-12`` is ``wrenchai messages list WR-12``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front when the first argument names none."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["list", *args]
        rest: Sequence[str] = super().parse_args(ctx, args)
        return list(rest)


commands = typer.Typer(
    name="messages",
    cls=_ListsByDefault,
    help="Look at the messages of a task, or say something to its agent. Without a command: list.",
    no_args_is_help=True,
)

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="The key of a task, for example WR-12, or its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands)


@commands.command("list")
def list_(
    task: TaskArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until the task has ended.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read; with --follow, one object a line.")
    ] = False,
) -> None:
    """List what is or was in the mailbox of a task, and what its agents have sent, the oldest first."""
    asyncio.run(_follow(task, as_json=as_json) if follow else _list(task, as_json=as_json))


@commands.command()
def send(
    task: TaskArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; with --content-json a JSON value.")],
    request: Annotated[bool, typer.Option("--request", help="Ask to be answered: the answer is in the list.")] = False,
    content_json: Annotated[bool, typer.Option("--content-json", help="TEXT is JSON, and sent as that.")] = False,
    this_attempt: Annotated[
        bool, typer.Option("--this-attempt", help="Only to its latest execution, not to another attempt.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Say something to the agent that works on a task, or will; one that waits for a message goes on."""
    content: Any = text
    if content_json:
        try:
            content = json.loads(text)
        except ValueError as error:
            raise typer.BadParameter(f"it is not JSON: {error}.", param_hint="TEXT") from error
    sent = asyncio.run(_send(task, content, request=request, this_attempt=this_attempt))
    if as_json:
        say_json(sent)
    else:
        output.print(f"{sent['state']}: number {sent['sequence']} in the mailbox of {foreign(sent['receiver'])}")


def line(message: dict[str, Any]) -> str:
    """A message in one line, and what came of it."""
    sender = message["sender"] if message["senderTask"] is None else _at(message["senderTask"], message["sender"])
    receiver = message["receiver"] if message["receiverTask"] is None else message["receiverTask"]["key"]
    said = message["content"] if isinstance(message["content"], str) else json.dumps(message["content"])
    shown = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    state = f"[{STATE_STYLE.get(message['state'], 'dim')}]{message['state']}[/]"
    about = message["reason"] or message["handledBy"] or ""
    after = f" [dim]{foreign(about)}[/]" if about else ""
    head = f"[dim]{foreign(message['sentAt'])}[/] {foreign(sender)} → {foreign(receiver)}"
    return f"{head} {foreign(message['type'])}: {foreign(shown)} {state}{after}"


def _at(task: dict[str, Any], agent: str) -> str:
    return f"{task['key']} ({agent})"


async def _list(task: str, *, as_json: bool) -> None:
    from server.client.local_server import connected
    from server.client.messages import messages_of
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        found = await messages_of(client, task)
    if as_json:
        say_json(found)
        return
    if not found:
        output.print("No message.")
    for message in found:
        output.print(line(message))


async def _follow(task: str, *, as_json: bool) -> None:
    from server.client.local_server import connected
    from server.client.messages import follow_messages
    from server.settings import load_settings

    def show(message: dict[str, Any]) -> None:
        if as_json:
            output.out(json.dumps(message, ensure_ascii=False), highlight=False)
        else:
            output.print(line(message))

    async with connected(load_settings()) as client:
        await follow_messages(client, task, show)


async def _send(task: str, content: Any, *, request: bool, this_attempt: bool) -> dict[str, Any]:
    from server.client.local_server import connected
    from server.client.messages import send_message
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        return await send_message(client, task, content, request=request, only_this_attempt=this_attempt)
