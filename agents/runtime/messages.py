"""The messages of one segment: those it sends, and those it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from agents.contract.message import MessageTimedOut, MessageUndeliverable, RequestRefused, Sent, read_content
from agents.messaging import check_span, drafted, receivable
from agents.runtime.waiting_room import WaitingRoom
from domain.lease import Lease
from domain.message import Address, Message, MessageType, MessageWait, WaitKind, WaitStatus
from domain.ports import Transactor, UnitOfWork
from domain.redaction import Redactor
from domain.use_cases.messaging import receiving, sending

Output = TypeVar("Output")
Result = TypeVar("Result")


class MessageDesk:
    """See :class:`agents.contract.AgentContext`. While nothing has come, the segment waits in ``room``."""

    def __init__(self, lease: Lease, transactor: Transactor, room: WaitingRoom, redactor: Redactor) -> None:
        self._lease = lease
        self._transactor = transactor
        self._room = room
        self._redactor = redactor
        self._turn = asyncio.Lock()
        self._in_hand: set[UUID] = set()

    async def send(
        self, name: str, to: Address, content: Any, metadata: Mapping[str, Any] | None, expires_in: timedelta | None
    ) -> Sent:
        """Send a message, once."""
        draft = drafted(to, content, self._redactor, metadata=metadata, name=name, expires_in=expires_in)
        self._begin(name)
        message = await self._run(lambda uow: sending.send(uow, self._lease, draft))
        return Sent(id=message.id, reason=message.reason)

    async def request(
        self,
        name: str,
        to: Address,
        content: Any,
        returns: type[Output],
        timeout: timedelta | None,
        metadata: Mapping[str, Any] | None,
    ) -> Output:
        """Send a request, once, and wait for its answer."""
        draft = drafted(
            to,
            content,
            self._redactor,
            type_=MessageType.REQUEST,
            metadata=metadata,
            name=name,
            expires_in=timeout,
        )
        self._begin(name)
        asked = await self._run(lambda uow: receiving.request(uow, self._lease, draft))
        if asked.wait is None:
            raise MessageUndeliverable(f"The request {name!r} cannot be delivered: {asked.request.reason}.")
        answer = await self._answer_to(asked.request, asked.wait)
        if answer.type is MessageType.REFUSAL:
            raise RequestRefused(f"{answer.sender} refuses {name!r}: {answer.content!r:.500}.", answer.content)
        return read_content(answer.content, returns, f"The answer to {name!r}")

    async def take(self, name: str, types: Collection[MessageType], timeout: timedelta | None) -> Message:
        """The next message, waited for when there is none. It is in hand until :meth:`let_go`."""
        check_span(timeout, "The time for which a message is waited")
        wanted = receiving.Wanted(name=name, types=receivable(types), within=timeout)
        while True:
            async with self._turn:  # of two branches each gets its own
                message, wait = await self._run(
                    lambda uow: receiving.take(uow, self._lease, wanted, frozenset(self._in_hand))
                )
                if message is not None:
                    self._in_hand.add(message.id)
                    return message
            if wait is not None and wait.status is WaitStatus.EXPIRED:
                raise MessageTimedOut(f"No message came in time for {name!r}.")
            await self._room.wait_for(partial(self._has_come, wanted))

    def let_go(self, message_id: UUID) -> None:
        """Its handler has come to an end: if it has failed, another one may take the message."""
        self._in_hand.discard(message_id)

    def _begin(self, name: str) -> None:
        complaint = f"The agent sends two messages named {name!r}: a message's name is unique within an execution."
        self._room.begin("message", name, complaint)

    async def _answer_to(self, request: Message, wait: MessageWait) -> Message:
        while True:
            answer = await self._run(lambda uow: receiving.answer(uow, self._lease, request))
            if answer is not None:
                return answer
            now = await self._run(lambda uow: uow.waits.get(self._lease.execution_id, WaitKind.ANSWER, wait.name))
            if now is not None and now.status is WaitStatus.EXPIRED:
                raise MessageTimedOut(f"Nobody answered {wait.name!r} in time.")
            if now is not None and now.status is WaitStatus.ENDED:
                raise MessageUndeliverable(f"Nobody will answer {wait.name!r}: {now.reason}.")
            await self._room.wait_for(partial(self._is_answered, request, wait))

    async def _has_come(self, wanted: receiving.Wanted, uow: UnitOfWork) -> bool | None:
        lease = self._lease
        wait = await uow.waits.get(lease.execution_id, WaitKind.MESSAGE, wanted.name)
        execution = await uow.executions.get(None, lease.execution_id)
        if execution is None or (wait is not None and wait.status is WaitStatus.EXPIRED):
            return True
        in_hand = frozenset(self._in_hand)
        found = await uow.messages.next_for(execution, wanted.name, wanted.types, in_hand, uow.now)
        return None if found is None else True

    async def _is_answered(self, request: Message, wait: MessageWait, uow: UnitOfWork) -> bool | None:
        if await uow.messages.answer_to(request.id) is not None:
            return True
        now = await uow.waits.get(self._lease.execution_id, WaitKind.ANSWER, wait.name)
        return True if now is None or now.status in {WaitStatus.EXPIRED, WaitStatus.ENDED} else None

    async def _run(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        with self._room.working():
            return await self._transactor.run(work)
