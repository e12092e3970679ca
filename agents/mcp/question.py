"""What is asked before a tool of a server is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.contract import Action
from domain.canonical import digest
from domain.mcp_server import McpServer, ToolDefinition
from domain.severity import Severity
from domain.shortened import MOST_SHOWN, shortened
from domain.text import storable

MOST_NAMED = 60
"""Characters of a step's name, and of a tool's, in the name of a question."""
MOST_DESCRIBED = 4_000
"""Characters of what a server says of its tool that are shown."""


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
    part = shortened(shown, most=MOST_SHOWN)
    state = " Its definition has changed since it was accepted." if changed else ""
    state = " It is new: its server came up with it after it was first seen." if new else state
    return Action(
        name=_name(step, server.name, tool.name, number),
        kind="mcp.call",
        summary=f"Call {tool.name[:200]} of the MCP server {server.name}.{state}",
        arguments={
            "server": server.name,
            "tool": tool.name[:MOST_DESCRIBED],
            "arguments": part.value,
            "leftOut": dict(part.left_out),
            "argumentsDigest": digest(storable(dict(arguments))),
            "definitionDigest": tool.digest,
            "description": _cut(tool.description),
            "new": new,
            "changed": changed,
        },
        risk=Severity.HIGH if new or changed or not tool.read_only else Severity.MEDIUM,
    )


def _name(step: str, server: str, tool: str, number: int) -> str:
    """The name of a question, which is short, and another one for another step, server, tool or number."""
    mark = digest([step, server, tool, number])[:12]
    return f"{step[:MOST_NAMED]}: {server}/{tool[:MOST_NAMED]} {number} {mark}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_DESCRIBED else f"{text[:MOST_DESCRIBED]}… ({len(text):,} characters)"
