"""What events say of a message."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain.events import MessageSent, MessageUndeliverable, Subject
from domain.message import Message, MessageState
from domain.ports import UnitOfWork


def between(message: Message) -> tuple[str, str | None, str | None]:
    """The ids of the message, and of the tasks of sender and receiver, as events have them."""
    return str(message.id), _text(message.sender_task_id), _text(message.receiver_task_id)


def sent(message: Message) -> list[MessageSent | MessageUndeliverable]:
    """That it was sent; and that it cannot be delivered, if that is so."""
    message_id, sender, receiver = between(message)
    told = MessageSent(
        message_id=message_id,
        sender_task_id=sender,
        receiver_task_id=receiver,
        type=message.type,
        sender=message.sender,
        receiver=message.receiver,
        in_reply_to=_text(message.in_reply_to),
    )
    return [told, undeliverable(message)] if message.state is MessageState.UNDELIVERABLE else [told]


def undeliverable(message: Message) -> MessageUndeliverable:
    """That it will not be handled."""
    message_id, sender, receiver = between(message)
    return MessageUndeliverable(
        message_id=message_id, sender_task_id=sender, receiver_task_id=receiver, reason=message.reason or ""
    )


async def give_up(uow: UnitOfWork, subject: Subject, message: Message, reason: str, actor_id: str) -> None:
    """Note that a locked message will not be handled."""
    ended = replace(message, state=MessageState.UNDELIVERABLE, reason=reason)
    await uow.messages.update(ended)
    await uow.events.append(subject, [undeliverable(ended)], actor=actor_id)


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
