"""Messages: what agents, and people, say to each other."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.message as domain
from domain.message import MessageState, MessageType
from resolvers import executions, messages, tasks
from schema.node import Node, represents
from schema.scalars import JSON
from schema.together import loaded

if TYPE_CHECKING:
    from schema.execution import Execution
    from schema.task import Task

LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]
LazyTask = Annotated["Task", strawberry.lazy("schema.task")]
LazyMessage = Annotated["Message", strawberry.lazy("schema.message")]

_sender_task = loaded(tasks.by_id, attrgetter("sender_task_id"))
_sender_execution = loaded(executions.by_id, attrgetter("sender_execution_id"))
_receiver_task = loaded(tasks.by_id, attrgetter("receiver_task_id"))
_receiver_execution = loaded(executions.by_id, attrgetter("receiver_execution_id"))
_delivered_to = loaded(executions.by_id, attrgetter("delivered_to_id"))
_in_reply_to = loaded(messages.by_id, attrgetter("in_reply_to"))
_answer = loaded(messages.answers_to)


def _handled_by(root: Parent[domain.Message]) -> str | None:
    return root.step if root.state is MessageState.HANDLED else None


@represents(domain.Message)
@strawberry.type(
    description="What an agent or a person says to an agent, or an agent to a person, and how far it came."
)
class Message(Node):
    """A message."""

    type: MessageType = strawberry.field(description="What it is for.")
    state: MessageState = strawberry.field(description="How far it has come.")
    reason: str | None = strawberry.field(description="Why it was not delivered, if that is so.")
    sender: str = strawberry.field(
        description="Kind of the agent that has sent it, or the person, as events name them."
    )
    sender_task = strawberry.field(
        _sender_task, graphql_type=LazyTask | None, description="The task that the sending agent works on."
    )
    sender_execution = strawberry.field(
        _sender_execution, graphql_type=LazyExecution | None, description="The execution that has sent it."
    )
    receiver: str = strawberry.field(description="To whom it is, as it was addressed.")
    receiver_task = strawberry.field(
        _receiver_task, graphql_type=LazyTask | None, description="The task whose mailbox it is in; null for a person."
    )
    receiver_execution = strawberry.field(
        _receiver_execution,
        graphql_type=LazyExecution | None,
        description="The only execution of that task that gets it; null when any attempt may.",
    )
    receiver_actor: str | None = strawberry.field(description="The person it is to, as events name them.")
    sequence: int | None = strawberry.field(
        description="Its number in the mailbox: messages are delivered in this order. Null when it is in none."
    )
    content: JSON = strawberry.field(description="What it says; text is a JSON string.")
    metadata: JSON = strawberry.field(description="What the sender says about it.")
    name: str | None = strawberry.field(
        name="sentAs",
        description="Its name within the sending execution; null when it went out with the success of a step.",
    )
    in_reply_to = strawberry.field(
        _in_reply_to, graphql_type=LazyMessage | None, description="The request that it answers."
    )
    answer = strawberry.field(_answer, graphql_type=LazyMessage | None, description="The answer, if it has one.")
    delivered_to = strawberry.field(
        _delivered_to, graphql_type=LazyExecution | None, description="The execution that it was given to last."
    )
    deliveries: int = strawberry.field(
        description="How often it was given to a handler: again only when one did not come to its end."
    )
    handled_by = strawberry.field(
        _handled_by, graphql_type=str | None, description="Name of the step that has handled it."
    )
    expires_at: datetime | None = strawberry.field(description="Until when it may be taken.")
    sent_at: datetime = strawberry.field(description="When it was sent.")
    delivered_at: datetime | None = strawberry.field(description="When it was given to its receiver, the last time.")
    handled_at: datetime | None = strawberry.field(description="When it had been handled.")
