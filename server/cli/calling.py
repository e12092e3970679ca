"""What ``wrenchai tools call`` and ``wrenchai tools show`` do."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import typer
import yaml
from rich.table import Table

from domain.tool import ToolFacts, ToolKind
from server.cli.auditing import follow_to_end
from server.cli.console import complain, errors, foreign, output, say_json, visible
from server.cli.exit_codes import ExitCode
from server.client.audit import Started, kind_of
from server.client.started_server import connected_or_started
from server.client.tool_calls import answer_of, call_tool
from server.logging import configure_logging
from server.platform.source_roots import SourceRoots
from server.settings import load_settings
from server.tool_help import Shape, shapes

LARGEST_ARGUMENTS = 16 * 2**20


def run_call(name: str, arguments: str, project: str | None, source: str | None, *, as_json: bool) -> int:
    """Make the call, show what came of it, and return the exit code."""
    given = arguments_of(arguments)
    settings = load_settings()
    configure_logging(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    if source is not None:
        kind, location = kind_of(source)
        if kind == "LOCAL":
            if not Path(location).is_dir():
                raise typer.BadParameter(f"{location} is no folder: name the one to work on.", param_hint="--source")
            SourceRoots(settings).add(Path(location))

    async def call() -> dict[str, Any]:
        async with connected_or_started(settings, lambda stage: errors.print(f"[dim]·[/] {stage}")) as client:
            called = await call_tool(client, name, given, project=project, source=source)
            execution_id = called["execution"]["id"]
            await follow_to_end(client, Started(execution_id, called["task"]["key"], ""), errors)
            return await answer_of(client, execution_id)

    return _shown(asyncio.run(call()), as_json=as_json)


def arguments_of(text: str) -> dict[str, Any]:
    """The arguments: JSON, ``@FILE``, or ``-`` for standard input.

    Raises:
        typer.BadParameter: it cannot be read, or is no JSON object.
    """
    hint = "--arguments"
    try:
        if text == "-":
            text = sys.stdin.read(LARGEST_ARGUMENTS)
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{text[1:]} cannot be read: {error}", param_hint=hint) from None
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"this is no JSON: {error}", param_hint=hint) from None
    if not isinstance(found, dict):
        raise typer.BadParameter('give a JSON object, such as {"url": "https://example.org"}', param_hint=hint)
    return found


def _shown(execution: dict[str, Any], *, as_json: bool) -> int:
    result = execution.pop("result")
    if as_json:
        say_json(
            {
                "task": execution["task"]["key"],
                "execution": execution["id"],
                "status": execution["status"],
                "error": execution["error"],
                "tool": None if result is None else result["tool"],
                "toolVersion": None if result is None else result["toolVersion"],
                "answer": None if result is None else result["answer"],
            }
        )
    elif result is not None:
        output.out(_readable(result["answer"]), highlight=False)
    if execution["status"] == "SUCCEEDED":
        return ExitCode.OK
    if execution["error"] is not None and not as_json:
        complain(execution["error"]["message"])
    return ExitCode.EXECUTION


def _readable(answer: Any) -> str:
    """The answer as YAML, which shows texts of several lines as they are."""
    written = yaml.dump(answer, Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=1_000)
    return "\n".join(visible(line) for line in written.rstrip("\n").split("\n"))


class _Blocks(yaml.SafeDumper):
    """YAML with texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _text)


def show_tool(facts: ToolFacts) -> None:
    """Say what a tool is for, what it is called with, and how to call it."""
    output.print(f"[bold]{facts.name}[/] {foreign(facts.version or 'not installed')}: {foreign(facts.purpose)}")
    lines = {
        "licence": facts.licence,
        "status": facts.status.value.lower() + (f": {facts.problem}" if facts.problem else ""),
        "to install it": facts.install_hint,
        "side effects": ", ".join(facts.side_effects).lower().replace("_", " ") or None,
        "works on": "a source: give --source or --project" if facts.needs_source else None,
        "may take": f"{facts.timeout.total_seconds():g} seconds" if facts.timeout else None,
        "after a crash": _after_a_crash(facts),
        "exit codes": "; ".join(f"{one.code} {one.meaning}" for one in facts.exit_codes) or None,
    }
    for name, text in lines.items():
        if text is not None:
            output.print(f"  [dim]{name}:[/] {foreign(text)}")
    if facts.arguments_schema is not None:
        for shape in shapes(facts.arguments_schema):
            output.print()
            output.print(_table(shape, shape.name or "arguments"))
    if facts.example is not None:
        output.print("\n[dim]example:[/]")
        more = " --source ." if facts.needs_source else ""
        output.out(f"  wrenchai tools call {facts.name}{more} --arguments {_quoted(facts.example)}", highlight=False)


def _after_a_crash(facts: ToolFacts) -> str | None:
    if facts.kind is not ToolKind.TYPED:
        return None
    return "called again" if facts.repeatable else "somebody is asked before it is called again"


def _table(shape: Shape, title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "type", "default", "limits", "what it is"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    for one in shape.fields:
        cells = (one.name, one.type, one.default or "required", one.limits, one.description)
        table.add_row(*(foreign(cell) for cell in cells))
    return table


def _quoted(example: Any) -> str:
    written = json.dumps(example, ensure_ascii=False)
    return "'" + written.replace("'", "'\\''") + "'"
