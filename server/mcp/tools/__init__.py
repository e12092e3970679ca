"""The tools of the MCP server, one module for each noun."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from server.mcp.tools import approvals, findings, installation, projects, tasks, watching

MODULES = (projects, tasks, watching, approvals, findings, installation)


def register(server: MCPServer) -> None:
    """Add all of them."""
    for module in MODULES:
        module.register(server)
