"""What is asked before a tool of a server is called: always short enough, and never mistaken for another question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from agents.asking import question as as_asked
from agents.contract import Action
from agents.mcp.question import question
from domain.mcp_server import McpServer, McpTransport, ToolDefinition
from domain.severity import Severity

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def defined(name: str, description: str = "Does it.", *, reads: bool = False) -> ToolDefinition:
    described = {"name": name, "description": description, "inputSchema": {"type": "object"}}
    return ToolDefinition.of(described | {"annotations": {"readOnlyHint": reads}})


def server(*tools: ToolDefinition, name: str = "files") -> McpServer:
    found = McpServer(
        id=uuid4(),
        workspace_id=uuid4(),
        name=name,
        transport=McpTransport.STDIO,
        command="node",
        updated_by="t",
        created_at=NOW,
        updated_at=NOW,
    )
    return found.with_seen(tools, NOW)


def asked(step: str, tool: str = "write", arguments: Any = None, number: int = 1) -> Action:
    tools = (defined(tool),)
    given = {} if arguments is None else arguments
    return question(step, server(*tools), tools[0], given, given, number)


def test_other_calls_have_other_names_however_long_they_are() -> None:
    long = "x" * 300
    actions = [asked(long), asked(f"{long}y"), asked(long, long), asked(long, f"{long}y"), asked(long, number=2)]
    names = [as_asked("probe", action).name for action in actions]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 200
    assert asked(long).name == asked(long).name


@pytest.mark.parametrize(
    "arguments",
    [
        {f"text-{number}": "x" * 3_000 for number in range(200)},
        {"rows": [{"a": number, "b": "some text"} for number in range(50_000)]},
        {f"key-{'k' * 200}-{number}": number for number in range(20_000)},
        {"tree": [[[[["leaf"] * 20] * 20] * 20] * 20] * 20},
        {"description": "x" * 100_000, "to": "somebody"},
    ],
    ids=["texts", "rows", "keys", "tree", "one text"],
)
def test_much_is_asked_in_short_and_the_digest_stands_for_all(arguments: dict[str, Any]) -> None:
    first = as_asked("probe", asked("step", "t" * 60_000, arguments))
    assert first.arguments["leftOut"]
    assert as_asked("probe", asked("step", "t" * 60_000, {**arguments, "one": "more"})).digest != first.digest
    if "to" in arguments:
        assert first.arguments["arguments"]["to"] == "somebody", "a long text hides no other one"


def test_what_is_deep_is_asked() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = {"in": [deep]}
    assert "nested deeper" in str(as_asked("probe", asked("step", arguments={"deep": deep})).arguments["leftOut"])


def test_little_is_asked_as_it_is() -> None:
    arguments = {"path": "/srv/a", "lines": [1, 2.5, None, True], "more": {"text": "x" * 4_000}}
    assert asked("step", arguments=arguments).arguments["arguments"] == arguments


def test_what_is_new_is_not_called_changed() -> None:
    first = server(defined("look", reads=True))
    later = first.with_seen((defined("look", "Sends it.", reads=True), defined("late", reads=True)), NOW)
    look, late = (one.definition for one in later.tools)
    changed, new = (question("step", later, one, {}, {}, 1) for one in (look, late))
    assert "has changed since it was accepted" in changed.summary
    assert (changed.arguments["changed"], changed.arguments["new"], changed.risk) == (True, False, Severity.HIGH)
    assert "It is new" in new.summary
    assert "changed" not in new.summary
    assert (new.arguments["changed"], new.arguments["new"], new.risk) == (False, True, Severity.HIGH)
    known = question("step", first, first.tools[0].definition, {}, {}, 1)
    assert known.summary == "Call look of the MCP server files."
    assert known.risk is Severity.MEDIUM


def test_what_makes_another_program_and_what_another_connection() -> None:
    program = server()
    slower = replace(program, timeout=program.timeout * 2)
    assert program.same_connection(slower)
    over_http = replace(program, transport=McpTransport.HTTP, command=None, url="https://a.example/mcp")
    assert over_http.same_program(replace(over_http, timeout=slower.timeout))
    assert not over_http.same_connection(replace(over_http, timeout=slower.timeout))
