"""Agents: what does the work."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from domain.execution import Execution
from domain.ports import AgentFacts
from domain.task import Task
from resolvers import models
from schema.node import Info
from schema.scalars import JSON
from schema.together import loaded

if TYPE_CHECKING:
    from schema.model import LanguageModel

LazyModel = Annotated["LanguageModel", strawberry.lazy("schema.model")]

_model = loaded(models.used_by, attrgetter("kind"))


@strawberry.type(
    description="What does the work of tasks. Agents are installed with the platform and are not kept in it."
)
class Agent:
    """An agent's declaration."""

    kind: str = strawberry.field(description="Its name in tasks, for example inspector.")
    version: str = strawberry.field(description="Its version.")
    title: str = strawberry.field(description="Its name for people.")
    purpose: str = strawberry.field(description="What it is for.")
    capabilities: list[str] = strawberry.field(description="What it can be asked to do.")
    side_effects: list[str] = strawberry.field(description="What it may do outside its own checkout.")
    input_schema: JSON = strawberry.field(description="JSON Schema of a task's inputs.")
    needs_source: bool = strawberry.field(description="Whether the task's project must have a source.")
    timeout: timedelta = strawberry.field(description="How long an execution may take unless its task says otherwise.")
    concurrency: int = strawberry.field(description="How many executions of it may run at once.")
    model = strawberry.field(
        _model,
        graphql_type=LazyModel | None,
        description="The language model that its executions use from now on; null for none.",
    )


def agent_of(root: Parent[Task | Execution], info: Info) -> AgentFacts | None:
    """The declaration of the agent that a task or an execution names."""
    return info.context.agents.get(root.agent)


def agent_kind(root: Parent[Task | Execution]) -> str:
    """The name of the agent, there even when the agent is not installed any more."""
    return root.agent
