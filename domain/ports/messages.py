"""Where messages are kept, and who waits for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.execution import Execution
from domain.message import Message, MessageType, MessageWait, WaitKind


class MessageStore(Protocol):
    """Messages. The task of a mailbox is locked before anything is put into it."""

    async def get(self, workspace_id: UUID | None, message_id: UUID) -> Message | None:
        """The message, or ``None``; without a workspace for the engine itself."""

    async def lock(self, message_id: UUID) -> Message | None:
        """Lock the message, or ``None``."""

    async def named(self, execution_id: UUID, name: str) -> Message | None:
        """What the execution has sent under this name, or ``None``."""

    async def answer_to(self, request_id: UUID) -> Message | None:
        """The answer that was given to a request, or ``None``; one that came too late is none."""

    async def next_for(
        self, execution: Execution, step: str, types: Collection[MessageType], but: Collection[UUID], now: datetime
    ) -> Message | None:
        """The first message that a step of the execution may get and that nobody has handled, locked, or ``None``.

        It is of one of the types, and none of ``but``. What another step of the execution has in hand is that one's,
        unless it has failed.
        """

    async def open_in(self, task_id: UUID) -> Sequence[Message]:
        """What nobody has handled yet in the mailbox of a task, locked, in its order."""

    async def open_for(self, execution_id: UUID) -> Sequence[Message]:
        """What nobody has handled yet of the messages to this execution alone, locked, in their order."""

    async def is_full(self, task_id: UUID) -> bool:
        """Whether as many messages wait in the mailbox as it may hold."""

    async def next_sequence(self, task_id: UUID) -> int:
        """The number of the next message in the mailbox of a locked task."""

    async def due(self, now: datetime, limit: int) -> Sequence[Message]:
        """Messages that nobody has taken in their time, the oldest first, without a lock."""

    async def in_tree(self, task_id: UUID, agent: str) -> UUID | None:
        """The task of this agent that :class:`domain.message.ToAgent` means, seen from a task, or ``None``."""

    async def insert(self, message: Message) -> None:
        """Add a message."""

    async def update(self, message: Message) -> None:
        """Write the state of a locked message."""


class WaitStore(Protocol):
    """What executions wait for. Task and execution are locked before."""

    async def get(self, execution_id: UUID, kind: WaitKind, name: str) -> MessageWait | None:
        """The execution's wait under this name, or ``None``."""

    async def lock(self, wait_id: UUID) -> MessageWait | None:
        """Lock the wait, or ``None``."""

    async def on(self, request_id: UUID) -> MessageWait | None:
        """The wait for the answer to a request, or ``None``."""

    async def pending_of(self, execution_id: UUID) -> Sequence[MessageWait]:
        """What the execution waits for, in the order in which it began to."""

    async def due(self, now: datetime, limit: int) -> Sequence[MessageWait]:
        """Waits whose time has passed, the oldest first, without a lock."""

    async def hopeless(self, limit: int) -> Sequence[MessageWait]:
        """Waits for answers that nobody is left to give, without a lock."""

    async def put(self, wait: MessageWait) -> None:
        """Insert or overwrite a wait."""

    async def forget(self, execution_id: UUID) -> None:
        """Remove all that an ended execution has waited for."""
