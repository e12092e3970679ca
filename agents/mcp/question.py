"""What is asked before a tool of a server is called."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from agents.contract import Action
from domain.canonical import digest
from domain.mcp_server import McpServer, ToolDefinition
from domain.severity import Severity
from domain.text import storable

MOST_NAMED = 60
"""Characters of a step's name, and of a tool's, in the name of a question."""
MOST_SHOWN = 30_000
"""Characters of the arguments that are shown; the digest beside them stands for all."""
MOST_DESCRIBED = 4_000
"""Characters of what a server says of its tool that are shown."""
DEEPEST = 20
"""Levels of the arguments that are shown; of those below it is said that they are there."""
MEASURES = ((4_000, 1_000), (1_000, 200), (200, 50), (50, 10))
"""Characters of one text and entries of one list or object that are shown: the first measure with which all of it is
short enough. Each part is cut alike, so that a long one hides no other."""


def question(
    step: str, server: McpServer, tool: ToolDefinition, arguments: Mapping[str, Any], shown: Any, number: int
) -> Action:
    """Whether a step may make its call ``number`` of this tool.

    ``shown`` are the arguments without secrets. What is asked holds the digest of the definition, so that one that
    changes after it was approved is asked anew.
    """
    known = server.tool(tool.name)
    new = known is not None and known.new
    changed = known is not None and known.changed
    state = " Its definition has changed since it was accepted." if changed else ""
    state = " It is new: its server came up with it after it was first seen." if new else state
    return Action(
        name=_name(step, server.name, tool.name, number),
        kind="mcp.call",
        summary=f"Call {tool.name[:200]} of the MCP server {server.name}.{state}",
        arguments={
            "server": server.name,
            "tool": _cut(tool.name, MOST_DESCRIBED),
            "arguments": in_short(shown),
            "argumentsDigest": digest(storable(dict(arguments))),
            "definitionDigest": tool.digest,
            "description": _cut(tool.description, MOST_DESCRIBED),
            "new": new,
            "changed": changed,
        },
        risk=Severity.HIGH if new or changed or not tool.read_only else Severity.MEDIUM,
    )


def _name(step: str, server: str, tool: str, number: int) -> str:
    """The name of a question, which is short, and another one for another step, server, tool or number."""
    mark = digest([step, server, tool, number])[:12]
    return f"{step[:MOST_NAMED]}: {server}/{tool[:MOST_NAMED]} {number} {mark}"


def in_short(value: Any) -> Any:
    """A JSON value for whoever decides, with all that is left out named."""
    for longest, most in MEASURES:
        shown = _cut_all(value, longest, most)
        if _size(shown) <= MOST_SHOWN:
            return shown
    return "… (too much to show)"


def _cut_all(value: Any, longest: int, most: int, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _cut(value, longest)
    if not isinstance(value, Mapping | list):
        return value
    if depth == DEEPEST:
        return f"… ({len(value):,} entries)"
    if isinstance(value, Mapping):
        first = islice(value.items(), most)
        shown = {_cut(key, longest): _cut_all(part, longest, most, depth + 1) for key, part in first}
        left = len(value) - len(shown)
        return shown | ({"…": f"({left:,} more entries)"} if left else {})
    listed = [_cut_all(part, longest, most, depth + 1) for part in value[:most]]
    left = len(value) - len(listed)
    return [*listed, f"… ({left:,} more entries)"] if left else listed


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _size(value: Any) -> int:
    """Characters, each value counted as one at least."""
    if isinstance(value, str):
        return 1 + len(value)
    if isinstance(value, Mapping):
        return 1 + sum(_size(key) + _size(part) for key, part in value.items())
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    return 1
