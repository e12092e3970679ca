"""Messages in the context of the kit: what a test gives is what comes in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from agents.contract import Received, Sent, Step
from agents.contract.context import ANY_MESSAGE
from agents.contract.message import read_content
from agents.contract.step import check_step_name
from agents.messaging import drafted
from agents.testing.correspondence import Correspondence
from domain.message import Address, MessageType
from domain.redaction import Redactor
from domain.task import RetryPolicy

Output = TypeVar("Output")


class KitMessaging(ABC):
    """The part of an ``AgentContext`` in memory that is about messages."""

    __slots__ = ()

    messages: Correspondence
    redactor: Redactor

    @abstractmethod
    async def step(
        self,
        name: str,
        function: Callable[[Step], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Run the function once; what it recorded counts only if it succeeds."""

    async def send(
        self,
        name: str,
        to: Address,
        content: Any,
        *,
        metadata: Mapping[str, Any] | None = None,
        expires_in: timedelta | None = None,
    ) -> Sent:
        """Keep what is sent."""
        draft = drafted(to, content, self.redactor, metadata=metadata, name=name, expires_in=expires_in)
        self.messages.begin(name)
        self.messages.sent.append(draft)
        return Sent(id=uuid4())

    async def request(
        self,
        name: str,
        to: Address,
        content: Any,
        *,
        returns: type[Output],
        timeout: timedelta | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Output:
        """Keep what is asked, and answer as the test says."""
        wanted = MessageType.REQUEST
        draft = drafted(to, content, self.redactor, type_=wanted, metadata=metadata, name=name, expires_in=timeout)
        self.messages.begin(name)
        self.messages.sent.append(draft)
        return read_content(self.messages.answer(draft), returns, f"The answer to {name!r}")

    async def receive(
        self,
        name: str,
        handler: Callable[[Step, Received], Awaitable[Output]],
        *,
        returns: type[Output],
        types: Collection[MessageType] = ANY_MESSAGE,
        timeout: timedelta | None = None,
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Handle the next message that the test gives."""
        check_step_name(name)
        message = self.messages.take(name, types, timeout)

        async def handle(step: Step) -> Output:
            return await handler(step, message)

        try:
            output = await self.step(name, handle, returns=returns, retry=retry)
        except BaseException:
            self.messages.done(message, handled=False)
            raise
        self.messages.done(message, handled=True)
        return output
