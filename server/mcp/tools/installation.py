"""What this installation has: agents, and the tools they use."""

from __future__ import annotations

from mcp.server.mcpserver import Context, MCPServer

from server.mcp.api import api_of
from server.mcp.documents import AGENTS, TOOLS
from server.mcp.offering import READS, offer
from server.mcp.results import Agent, Agents, Tool, Tools


def register(server: MCPServer) -> None:
    """Add the tools."""
    offer(server, list_agents, "List agents", READS)
    offer(server, list_tools, "List tools of agents", READS)


async def list_agents(context: Context) -> Agents:
    """List the agents: what each is for, what it may do outside, and the schema of its inputs."""
    found = (await api_of(context).query(AGENTS))["agents"]
    return Agents(agents=[Agent.model_validate(one) for one in found])


async def list_tools(context: Context) -> Tools:
    """List the tools that agents use: whether each is there, and what it takes and answers."""
    found = (await api_of(context).query(TOOLS))["tools"]
    return Tools(tools=[Tool.model_validate(one) for one in found])
