"""``wrenchai memory``: what agents and people remember."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from server.cli.console import errors, foreign, output, say_json

if TYPE_CHECKING:
    from server.client.graphql_client import GraphQLClient
    from server.client.memory import Conditions

Answer = TypeVar("Answer")

commands = typer.Typer(help="Read, recall, correct and erase what agents and people remember.", no_args_is_help=True)


class In(StrEnum):
    """For whom a memory counts, as the command line has it."""

    AGENT = "agent"
    PROJECT = "project"
    WORKSPACE = "workspace"


Scope = Annotated[In | None, typer.Option("--scope", help="Only what counts there.")]
Agent = Annotated[str | None, typer.Option("--agent", metavar="KIND", help="For agents of this kind.")]
Project = Annotated[str | None, typer.Option("--project", metavar="KEY", help="About this project.")]
Kind = Annotated[str | None, typer.Option("--kind", help="What sort of thing it says, for example decision.")]
Tag = Annotated[str | None, typer.Option("--tag", help="Only with this tag.")]
Source = Annotated[str | None, typer.Option("--source", help="Only from this actor, for example agent:inspector.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A word it can be told by; may be given several times.")]
Days = Annotated[float | None, typer.Option("--expires-in-days", min=0.001, help="After how many days it goes.")]
Text = Annotated[str | None, typer.Argument(help="What it says; without it, standard input is read.")]
Which = Annotated[str, typer.Argument(help="Id of the memory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="memory")


@commands.command("list")
def list_(
    scope: Scope = None,
    agent: Agent = None,
    project: Project = None,
    kind: Kind = None,
    tag: Tag = None,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """List memories, the newest first."""
    from server.client import memory

    async def ask(client: GraphQLClient) -> list[dict[str, Any]]:
        return await memory.memories(client, await _filter(client, scope, agent, project, kind, tag, source))

    found = _run(ask)
    if as_json:
        say_json(found)
    elif not found:
        output.print("nothing is remembered there: `wrenchai memory remember TEXT` puts something down")
    else:
        _print([(one, None) for one in found])


@commands.command()
def recall(
    question: Annotated[str, typer.Argument(help="A question, or some words.")],
    scope: Scope = None,
    agent: Agent = None,
    project: Project = None,
    kind: Kind = None,
    tag: Tag = None,
    source: Source = None,
    first: Annotated[int, typer.Option("--first", min=1, max=50, help="At most this many.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the memories that fit a question, the best first, with their scores."""
    from server.client import memory

    async def ask(client: GraphQLClient) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        which = await _filter(client, scope, agent, project, kind, tag, source)
        return await memory.recall(client, question, which, first), await memory.search_facts(client)

    found, facts = _run(ask)
    for problem in facts["problems"]:
        errors.print(f"[yellow]note:[/] {foreign(problem)}")
    if as_json:
        say_json(found)
    elif not found:
        output.print("nothing that is remembered fits")
    else:
        _print([(one["memory"], one["score"]) for one in found])


@commands.command()
def remember(
    text: Text = None,
    agent: Agent = None,
    project: Project = None,
    kind: Kind = None,
    tags: Tags = None,
    expires_in_days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Put something down: for agents of a kind, about a project, or for everybody."""
    from server.client import memory

    if agent is not None and project is not None:
        raise typer.BadParameter("name an agent or a project, not both", param_hint="--agent")
    given: dict[str, Any] = {"content": _content(text), "tags": tags or [], "scope": "WORKSPACE"}
    given |= {} if kind is None else {"kind": kind}
    given |= {} if agent is None else {"agentKind": agent, "scope": "AGENT"}
    given |= {} if expires_in_days is None else {"expiresAt": _in(expires_in_days)}

    async def ask(client: GraphQLClient) -> tuple[dict[str, Any], bool]:
        about = {}
        if project is not None:
            about = {"projectId": await memory.project_id(client, project), "scope": "PROJECT"}
        return await memory.remember(client, given | about)

    kept, known = _run(ask)
    if known:
        errors.print("known already: it is kept once, with the tags of both times, and the kind if you gave one")
    _show(kept, as_json)


@commands.command()
def correct(
    which: Which,
    text: Annotated[str | None, typer.Argument(help="What it is to say; without it its text stays.")] = None,
    kind: Kind = None,
    tags: Tags = None,
    expires_in_days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Replace what a memory says. What it said before is not kept."""
    from server.client import memory

    given: dict[str, Any] = {} if text is None else {"content": text}
    given |= {} if kind is None else {"kind": kind}
    given |= {} if tags is None else {"tags": tags}
    given |= {} if expires_in_days is None else {"expiresAt": _in(expires_in_days)}
    if not given:
        raise typer.BadParameter("say what it is to be: a text or an option", param_hint="TEXT")
    _show(_run(lambda client: memory.correct(client, which, given)), as_json)


@commands.command()
def erase(
    which: Annotated[str | None, typer.Argument(help="Id of one memory; without it, options say which.")] = None,
    scope: Scope = None,
    agent: Agent = None,
    project: Project = None,
    kind: Kind = None,
    tag: Tag = None,
    source: Source = None,
    count: Annotated[
        int | None, typer.Option("--count", min=0, help="How many you know them to be, instead of being asked.")
    ] = None,
) -> None:
    """Erase a memory, or all that fit, with all that finds them.

    Copies of their text in prompts and answers of language models, messages, reports, artifacts and backups stay.
    """
    from server.client import memory

    async def ask(client: GraphQLClient) -> int:
        conditions = await _filter(client, scope, agent, project, kind, tag, source)
        if which is not None:
            if conditions:
                raise typer.BadParameter("give an id or conditions, not both", param_hint="WHICH")
            await memory.erase(client, which)
            return 1
        if not conditions:
            raise typer.BadParameter("say which: an id, or at least one condition", param_hint="WHICH")
        known = count
        if known is None:
            known = len(await memory.memories(client, conditions))
            await asyncio.to_thread(_confirm, known)
        return await memory.erase_all(client, conditions, known)

    erased = _run(ask)
    errors.print(f"erased {erased} {'memory' if erased == 1 else 'memories'}")


async def _filter(
    client: GraphQLClient,
    scope: In | None,
    agent: str | None,
    project: str | None,
    kind: str | None,
    tag: str | None,
    source: str | None,
) -> Conditions:
    from server.client.memory import conditions

    given = {"agentKind": agent, "kind": kind, "tag": tag, "source": source}
    return await conditions(client, project, scope=None if scope is None else scope.name, **given)


def _run(work: Callable[[GraphQLClient], Awaitable[Answer]]) -> Answer:
    from server.client.local_server import connected
    from server.settings import load_settings

    async def ask() -> Answer:
        async with connected(load_settings()) as client:
            return await work(client)

    return asyncio.run(ask())


def _confirm(known: int) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"there is nobody to ask whether to erase {known} memories.", param_hint="--count")
    typer.confirm(f"Erase {known} memories for good?", abort=True)


def _content(text: str | None) -> str:
    if text is not None:
        return text
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise typer.BadParameter("standard input does not hold UTF-8 text", param_hint="TEXT") from None


def _in(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def _show(memory: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(memory)
    else:
        _print([(memory, None)])


def _print(found: list[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
    """What each says, on lines of its own that nothing narrows, and below it what is known of it."""
    for memory, score in found:
        scores = [f"{name} {_number(score[name])}" for name in SCORES] if score is not None else []
        facts = (_place(memory), memory["kind"], memory["source"]["actor"], memory["id"])
        for line in memory["content"].splitlines():
            output.print(foreign(line))
        output.print("  " + " · ".join([*scores, *map(foreign, facts)]), style="dim")


SCORES = ("total", "text", "trigram", "vector")


def _number(score: float | None) -> str:
    return "-" if score is None else f"{score:.2f}"


def _place(memory: dict[str, Any]) -> str:
    if memory["scope"] == "PROJECT":
        return f"project {(memory['project'] or {}).get('key', '?')}"
    return f"agent {memory['agentKind']}" if memory["scope"] == "AGENT" else "everybody"
