"""Workers: the processes that run executions."""

from __future__ import annotations

from datetime import datetime

import strawberry

import domain.execution as domain
from schema.node import Node, represents


@represents(domain.Worker)
@strawberry.type(description="A process that runs executions.")
class Worker(Node):
    """A process."""

    hostname: str = strawberry.field(description="The machine it runs on.")
    pid: int = strawberry.field(description="Its process id there.")
    version: str = strawberry.field(description="Version of the platform it runs.")
    slots: int = strawberry.field(description="How many executions it may run at once.")
    agents: list[str] = strawberry.field(description="Kinds of the agents it offers.")
    started_at: datetime = strawberry.field(description="When it started.")
    beat_at: datetime = strawberry.field(description="When it last said that it is alive.")
    short_of_room: bool = strawberry.field(
        description="Whether it begins nothing new because the disk of its data folder is nearly full."
    )
