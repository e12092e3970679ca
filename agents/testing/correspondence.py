"""The messages of a test: what comes in, what others answer, and what the agent has sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

from agents.contract.message import MessageTimedOut, Received, RequestRefused
from agents.messaging import check_span, receivable
from domain.message import MessageDraft, MessageType

Replies: TypeAlias = Mapping[str, Any] | Callable[[MessageDraft], Any]
"""What others answer: by the name of the request, or by a function of it. ``NOBODY`` lets it run out of its time,
``Refusal(reason)`` refuses it."""

NOBODY = object()
"""Nobody answers in time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request is refused."""

    reason: Any


class UnexpectedRequest(AssertionError):
    """The agent asks others something that the test has not foreseen."""

    def __init__(self, draft: MessageDraft) -> None:
        super().__init__(
            f"The agent asks {draft.to} under the name {draft.name!r}: {draft.content!r:.500}. "
            f"Say with replies={{{draft.name!r}: …}} what comes back."
        )


def incoming(content: Any, *, type_: MessageType = MessageType.INFORM, sender: str = "the test") -> Received:
    """A message for the mailbox of the agent under test."""
    return Received(id=uuid4(), type=type_, sender=sender, content=content, sent_at=datetime.now(UTC))


@dataclass(slots=True)
class Correspondence:
    """A mailbox in memory. ``sent`` is everything that went out, in its order, requests and answers included."""

    mailbox: Sequence[Received] = ()
    replies: Replies = field(default_factory=dict)
    sent: list[MessageDraft] = field(default_factory=list)
    handled: list[Received] = field(default_factory=list)
    _in_hand: list[Received] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def begin(self, name: str) -> None:
        """Use the name of a message.

        Raises:
            ValueError: it was used before.
        """
        if name in self._names:
            raise ValueError(f"A message {name!r} was sent before; give each a name of its own.")
        self._names.add(name)

    def answer(self, draft: MessageDraft) -> Any:
        """What comes back for a request.

        Raises:
            UnexpectedRequest: the test does not say.
            MessageTimedOut, RequestRefused: it says so.
        """
        name = draft.name or ""
        if isinstance(self.replies, Mapping):
            if name not in self.replies:
                raise UnexpectedRequest(draft)
            found = self.replies[name]
        else:
            found = self.replies(draft)
        if found is NOBODY:
            raise MessageTimedOut(f"Nobody answered {name!r} in time.")
        if isinstance(found, Refusal):
            raise RequestRefused(f"The test refuses {name!r}: {found.reason!r:.500}.", found.reason)
        return found

    def take(self, name: str, types: Collection[MessageType], timeout: timedelta | None) -> Received:
        """The next message of these types that no handler has.

        Raises:
            MessageTimedOut: there is none: in a test nothing more comes.
        """
        check_span(timeout, "The time for which a message is waited")
        wanted = receivable(types)
        taken = {message.id for message in [*self.handled, *self._in_hand]}
        for number, message in enumerate(self.mailbox, 1):
            if message.id not in taken and message.type in wanted:
                self._in_hand.append(message)
                return Received(
                    id=message.id,
                    type=message.type,
                    sender=message.sender,
                    content=message.content,
                    metadata=message.metadata,
                    sequence=number,
                    sent_at=message.sent_at,
                )
        raise MessageTimedOut(f"No message came in time for {name!r}.")

    def done(self, message: Received, *, handled: bool) -> None:
        """Its handler has come to an end."""
        self._in_hand = [one for one in self._in_hand if one.id != message.id]
        if handled:
            self.handled.append(message)
