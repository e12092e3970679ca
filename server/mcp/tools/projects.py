"""Projects."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from server.mcp.api import api_of, perform
from server.mcp.documents import CREATE_PROJECT, PROJECTS
from server.mcp.naming import After, Key, Most
from server.mcp.offering import ADDS, READS, offer
from server.mcp.results import Project, Projects
from server.mcp.showing import cursor_behind


def register(server: MCPServer) -> None:
    """Add the tools."""
    offer(server, list_projects, "List projects", READS)
    offer(server, create_project, "Create a project", ADDS)


async def list_projects(context: Context, first: Most = 50, after: After = None) -> Projects:
    """List the projects, the newest first: their keys, names and sources."""
    found = (await api_of(context).query(PROJECTS, {"first": first, "after": after}))["projects"]
    return Projects(projects=[Project.model_validate(one) for one in found["nodes"]], next_cursor=cursor_behind(found))


async def create_project(
    context: Context,
    name: Annotated[str, Field(description="Its name.")],
    source: Annotated[
        str | None, Field(description="The path of a local folder on the server's machine, or a git URL.")
    ] = None,
    source_kind: Annotated[Literal["LOCAL", "GIT"], Field(description="What the source is.")] = "LOCAL",
    revision: Annotated[str | None, Field(description="A branch, tag or commit of a git source.")] = None,
    key: Annotated[
        str | None, Field(description="The beginning of its tasks' keys; without one it is made from the name.")
    ] = None,
    description: Annotated[str, Field(description="What it is about.")] = "",
    idempotency_key: Key = None,
) -> Project:
    """Create a project on a source; its tasks are done by agents."""
    asked = {
        "name": name,
        "key": key,
        "description": description,
        "source": None if source is None else {"kind": source_kind, "location": source, "revision": revision},
        "idempotencyKey": idempotency_key,
    }
    payload = await perform(api_of(context), CREATE_PROJECT, "createProject", asked)
    return Project.model_validate(payload["project"])
