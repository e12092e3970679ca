"""Inputs about tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import strawberry
from strawberry import ID, UNSET

from domain import commands
from domain.errors import Invalid
from schema.absence import given
from schema.node_ids import decode_as
from schema.scalars import JSON
from schema.task_inputs import IDEMPOTENCY_KEY


@strawberry.input(description="What callTool is given.")
class CallToolInput:
    """A call to be made."""

    tool: str = strawberry.field(
        description="Name of a typed tool, see the query `tools`, or `mcp:server/tool` for one of an MCP server."
    )
    arguments: JSON | None = strawberry.field(
        default=UNSET, description="An object that fits the tool's argumentsSchema; {} if left out."
    )
    project_id: ID | None = strawberry.field(
        default=UNSET,
        description="The project that it belongs to, on whose source it works and whose budgets it spends. A tool that "
        "works on no source needs none: its calls are kept in a project of the workspace's own.",
    )
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.CallTool:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
            Invalid: the arguments are no object.
        """
        project_id = given(self.project_id)
        return commands.CallTool(
            tool=self.tool,
            arguments=_object(given(self.arguments)),
            project_id=None if project_id is None else decode_as("Project", project_id, path=("input", "projectId")),
        )


def _object(arguments: object) -> Mapping[str, Any]:
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping):
        raise Invalid("arguments must be an object, like {}.", path=("input", "arguments"))
    return cast("Mapping[str, Any]", arguments)
