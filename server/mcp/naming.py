"""What a client names: a project or a task by its key or its id."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from server.client.named import is_key
from server.mcp.api import Api, not_found
from server.mcp.documents import PROJECT, TASK

PROJECT_KEY_MOST = 10
"""Characters of a project's key; ids are longer."""

ProjectName = Annotated[str, Field(description="The key of a project, such as WR, or its id.")]
TaskName = Annotated[str, Field(description="The key of a task, such as WR-12, or its id.")]
After = Annotated[str | None, Field(description="The nextCursor of the page before.")]
Most = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
Key = Annotated[
    str | None,
    Field(description="A text of your choice: called again with the same one, it answers the same and does nothing."),
]


async def project_named(api: Api, name: str) -> dict[str, Any]:
    """``id`` and ``key`` of a project.

    Raises:
        GraphQLErrors: there is none (``NOT_FOUND``), or it is no name of one.
    """
    by = {"key": name} if len(name) <= PROJECT_KEY_MOST else {"id": name}
    found: dict[str, Any] | None = (await api.query(PROJECT, {"by": by}))["project"]
    if found is None:
        raise not_found("project", name)
    return found


async def task_named(api: Api, name: str) -> dict[str, Any]:
    """A task as :data:`server.mcp.documents.TASK` shows it.

    Raises:
        GraphQLErrors: there is none (``NOT_FOUND``), or it is no name of one.
    """
    by = {"key": name} if is_key(name) else {"id": name}
    found: dict[str, Any] | None = (await api.query(TASK, {"by": by}))["task"]
    if found is None:
        raise not_found("task", name)
    return found
