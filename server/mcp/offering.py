"""How a function becomes a tool: its errors coded, its effects announced."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, TextContent, ToolAnnotations

from server.client.graphql_client import GraphQLErrors, ServerUnreachable

Function = Callable[..., Awaitable[Any]]

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
"""It changes nothing."""
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
"""It adds something, and takes nothing away."""
STARTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)
"""It sends an agent to work, which may reach outside."""
DECIDES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)
"""What it permits, ends or forbids cannot be taken back."""


def offer(server: MCPServer, function: Function, title: str, annotations: ToolAnnotations) -> None:
    """Let clients call the function: its name and its docstring are what they see."""
    server.add_tool(coded(function), title=title, annotations=annotations.model_copy(update={"title": title}))


def coded(function: Function) -> Function:
    """The function, whose refusals come back as an error of the tool with the API's codes."""

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except GraphQLErrors as errors:
            return refusal([_coded(error) for error in errors.errors])
        except ServerUnreachable as error:
            return refusal(
                [{"code": "SERVICE_UNAVAILABLE", "message": str(error), "path": [], "retryable": True}],
            )

    return call


def refusal(errors: list[dict[str, Any]]) -> CallToolResult:
    """An error of a tool: sentences for a reader, codes for a program."""
    said = "\n".join(f"{error['code']}: {error['message']}" for error in errors)
    return CallToolResult(
        is_error=True, content=[TextContent(type="text", text=said)], structured_content={"errors": errors}
    )


def _coded(error: Mapping[str, Any]) -> dict[str, Any]:
    extensions = error.get("extensions", {})
    return {
        "code": extensions.get("code", "INTERNAL"),
        "message": error["message"],
        "path": error.get("path") or [],
        "retryable": extensions.get("retryable", False),
    }
