"""Workspaces, and who looks at them."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

import strawberry
from strawberry import Parent

import domain.project as domain
from domain.actor import Actor, Permission
from resolvers import ledger, workspaces
from schema.budget import Budget
from schema.connections import Connection, connection
from schema.node import Info, Node, represents
from schema.together import loaded
from schema.usage import Totals

_usage = loaded(ledger.totals_of, attrgetter("id"))


@represents(domain.Workspace)
@strawberry.type(description="A tenant: every thing belongs to exactly one.")
class Workspace(Node):
    """A tenant."""

    name: str = strawberry.field(description="Its name for people.")
    created_at: datetime = strawberry.field(description="When it was created.")
    usage = strawberry.field(_usage, graphql_type=Totals, description="What all its projects have spent.")
    budgets = connection(
        ledger.budgets_of, Connection[Budget], "workspace.budgets", "The budgets of the whole, the newest first."
    )


async def own_workspace(info: Info) -> domain.Workspace:
    """The workspace of whoever asks, which exists as long as they may ask."""
    found = await info.context.load(workspaces.by_id, info.context.workspace_id)
    if found is None:
        raise LookupError(f"workspace {info.context.workspace_id} of the actor is gone")
    return found


def _permissions(root: Parent[Actor]) -> list[Permission]:
    return [permission for permission in Permission if root.may(permission)]


def _viewer_id(root: Parent[Actor]) -> strawberry.ID:
    return strawberry.ID(root.id)


@strawberry.type(description="Whoever asks: a person or a machine.")
class Viewer:
    """The actor."""

    id = strawberry.field(_viewer_id, description="How events name you, for example user:local-owner.")
    name: str = strawberry.field(description="Your name for people.")
    permissions = strawberry.field(_permissions, description="What you may do in your workspace.")
    workspace = strawberry.field(own_workspace, graphql_type=Workspace, description="The workspace you are in.")
