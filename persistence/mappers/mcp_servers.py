"""Rows of MCP servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.mcp_server import CallPolicy, McpServer, McpSetting, McpTool, McpTransport, ToolDefinition
from persistence.mappers.rows import AnyRow


def to_mcp_server(row: AnyRow) -> McpServer:
    """A row of ``mcp_servers``."""
    return McpServer(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        transport=McpTransport(row["transport"]),
        command=row["command"],
        arguments=tuple(row["arguments"]),
        url=row["url"],
        settings=tuple(McpSetting(**one) for one in row["settings"]),
        enabled=row["enabled"],
        timeout=row["timeout"],
        start_timeout=row["start_timeout"],
        tools=tuple(_to_tool(one) for one in row["tools"]),
        updated_by=row["updated_by"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_mcp_server(server: McpServer) -> dict[str, Any]:
    """The values of its row."""
    return {
        "id": server.id,
        "workspace_id": server.workspace_id,
        "name": server.name,
        "transport": server.transport.value,
        "command": server.command,
        "arguments": list(server.arguments),
        "url": server.url,
        "settings": [{"name": one.name, "value": one.value, "secret": one.secret} for one in server.settings],
        "enabled": server.enabled,
        "timeout": server.timeout,
        "start_timeout": server.start_timeout,
        "tools": [_from_tool(one) for one in server.tools],
        "updated_by": server.updated_by,
        "version": server.version,
        "created_at": server.created_at,
        "updated_at": server.updated_at,
    }


def _to_tool(value: Mapping[str, Any]) -> McpTool:
    return McpTool(
        definition=ToolDefinition(**value["definition"]),
        accepted=value["accepted"],
        policy=None if value["policy"] is None else CallPolicy(value["policy"]),
        listed=value.get("listed", True),
        seen_at=datetime.fromisoformat(value["seenAt"]),
    )


def _from_tool(tool: McpTool) -> dict[str, Any]:
    known = tool.definition
    return {
        "definition": {
            "name": known.name,
            "description": known.description,
            "input_schema": dict(known.input_schema),
            "read_only": known.read_only,
            "repeatable": known.repeatable,
            "digest": known.digest,
        },
        "accepted": tool.accepted,
        "policy": None if tool.policy is None else tool.policy.value,
        "listed": tool.listed,
        "seenAt": tool.seen_at.isoformat(),
    }
