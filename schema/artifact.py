"""Artifacts: files that executions produce."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.execution as domain
from resolvers import executions
from schema.node import Node, represents
from schema.scalars import URL
from schema.together import loaded

if TYPE_CHECKING:
    from schema.execution import Execution


def _url(root: Parent[domain.Artifact]) -> URL:
    return URL(f"/artifacts/{root.id}")


def _size(root: Parent[domain.Artifact]) -> float:
    return float(root.size)


_execution = loaded(executions.by_id, attrgetter("execution_id"))


@represents(domain.Artifact)
@strawberry.type(description="A file that an execution produced.")
class Artifact(Node):
    """A file."""

    name: str = strawberry.field(description="Its file name, the only one of this name in its execution.")
    media_type: str = strawberry.field(description="What it is, for example application/sarif+json.")
    size = strawberry.field(_size, description="Bytes: a whole number that need not fit in 32 bits.")
    sha256: str = strawberry.field(description="SHA-256 of its content, in hex.")
    url = strawberry.field(_url, graphql_type=URL, description="Where to download it, with the same sign-in.")
    created_at: datetime = strawberry.field(description="When it was stored.")
    execution = strawberry.field(
        _execution,
        graphql_type=Annotated["Execution", strawberry.lazy("schema.execution")] | None,
        description="The execution that produced it.",
    )
