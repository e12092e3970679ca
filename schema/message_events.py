"""Events of messages."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.events as domain
from domain import message
from domain.message import MessageType
from resolvers import messages
from schema.event import Event, tells
from schema.message import Message
from schema.node import Info


async def _message(root: Parent[domain.EventRecord], info: Info) -> message.Message | None:
    event = cast("Any", root.event)
    return await info.context.load(messages.by_id, UUID(event.message_id))


@strawberry.type
class MessageEvent(Event):
    """What all of them have."""

    about = strawberry.field(
        _message, graphql_type=Message | None, description="The message, as it is now; null when deleted."
    )


@tells(domain.MessageSent)
@strawberry.type(description="A message is in the mailbox of its receiver, or recorded as one that has none.")
class MessageSent(MessageEvent):
    """See the description."""

    type: MessageType = strawberry.field(description="What it is for.")
    sender: str = strawberry.field(description="Kind of the agent that has sent it, or the person.")
    receiver: str = strawberry.field(description="To whom it is, as it was addressed.")


@tells(domain.MessageDelivered)
@strawberry.type(description="A message was given to its receiver.")
class MessageDelivered(MessageEvent):
    """See the description."""

    delivery: int = strawberry.field(
        description="How often it was, this time included: above 1 when a handler before did not come to its end."
    )


@tells(domain.MessageHandled)
@strawberry.type(description="What the receiver did about a message is recorded.")
class MessageHandled(MessageEvent):
    """See the description."""

    step: str | None = strawberry.field(
        name="stepName", description="Name of the step that has handled it; null for an answer."
    )


@tells(domain.MessageExpired)
@strawberry.type(description="Nobody has taken the message in its time.")
class MessageExpired(MessageEvent):
    """See the description."""


@tells(domain.MessageUndeliverable)
@strawberry.type(description="The message will not be handled.")
class MessageUndeliverable(MessageEvent):
    """See the description."""

    reason: str = strawberry.field(description="Why.")


@tells(domain.MessageWaitEnded)
@strawberry.type(description="What an agent waited for does not come.")
class MessageWaitEnded(Event):
    """See the description."""

    name: str = strawberry.field(description="Name of the request, or of the step that was to handle a message.")
    timed_out: bool = strawberry.field(description="Whether its time has passed; else nobody is left to answer.")
    reason: str = strawberry.field(description="Why.")
