"""MCP servers through the API."""

from __future__ import annotations

from typing import Any

from server.client.graphql_client import GraphQLClient, Refused

_SERVER = """
fragment Registered on McpServer {
  id name transport command arguments url settings { name value secret } enabled timeout startTimeout
  updatedBy updatedAt
  tools { name description inputSchema readOnly repeatable digest new changed listed policy inForce seenAt }
}
"""

SERVERS = (
    """
query McpServers($after: Cursor) {
  mcpServers(first: 100, after: $after) { nodes { ...Registered } pageInfo { hasNextPage endCursor } }
}
"""
    + _SERVER
)

SAVE = (
    """
mutation SaveMcpServer($input: SaveMcpServerInput!) {
  saveMcpServer(input: $input) { mcpServer { ...Registered } errors { message code } }
}
"""
    + _SERVER
)

REMOVE = """
mutation RemoveMcpServer($input: RemoveMcpServerInput!) {
  removeMcpServer(input: $input) { mcpServer { name } errors { message code } }
}
"""

SET_POLICY = (
    """
mutation SetMcpToolPolicy($input: SetMcpToolPolicyInput!) {
  setMcpToolPolicy(input: $input) { mcpServer { ...Registered } errors { message code } }
}
"""
    + _SERVER
)


async def mcp_servers(client: GraphQLClient) -> list[dict[str, Any]]:
    """All of them, by name."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.query(SERVERS, {"after": after}))["mcpServers"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def mcp_server_named(client: GraphQLClient, name: str) -> dict[str, Any]:
    """The one of this name.

    Raises:
        Refused: there is none.
    """
    found = next((one for one in await mcp_servers(client) if one["name"] == name), None)
    if found is None:
        raise Refused(f"There is no MCP server {name!r}: `wrenchai mcp list` shows which there are.")
    return found


async def save(client: GraphQLClient, server: dict[str, Any]) -> dict[str, Any]:
    """Register a server, or the one of this name anew.

    Raises:
        Refused: the API said no.
    """
    return await _perform(client, SAVE, "saveMcpServer", server)


async def remove(client: GraphQLClient, name: str) -> dict[str, Any]:
    """Forget a server.

    Raises:
        Refused: there is none.
    """
    return await _perform(client, REMOVE, "removeMcpServer", {"name": name})


async def set_policy(
    client: GraphQLClient, server: str, tool: str, policy: str | None, digest: str | None = None
) -> dict[str, Any]:
    """Say what counts for a tool; ``None`` is what counts where nobody says.

    ``digest`` is that of the definition that was read: it is then refused for another one.

    Raises:
        Refused: there is no such server or tool, or it is defined otherwise.
    """
    asked = {"server": server, "tool": tool, "policy": policy, "digest": digest}
    return await _perform(client, SET_POLICY, "setMcpToolPolicy", asked)


async def _perform(client: GraphQLClient, document: str, mutation: str, asked: dict[str, Any]) -> dict[str, Any]:
    payload = (await client.query(document, {"input": asked}))[mutation]
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
    found: dict[str, Any] = payload["mcpServer"]
    return found
