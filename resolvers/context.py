"""The context of one operation: who asks, what it reads through, and what it has loaded so far."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from domain.actor import Actor
from domain.errors import Rejection
from domain.ports import AgentCatalogue, ModelTester, Notary, Reader, ToolCatalogue, Transactor, UnitOfWork
from domain.use_cases.idempotency import once
from domain.wakeups import Wakeups
from resolvers.canonical import request_hash
from resolvers.delivery import Delivery, Reads
from resolvers.loaders import Batch, Loaders
from resolvers.outcome import Outcome

Command = TypeVar("Command")
Result = TypeVar("Result")
Parent = TypeVar("Parent")
Value = TypeVar("Value")


@dataclass(kw_only=True)
class Context:
    """One for each operation, never shared between two of a socket.

    The reader holds a database connection only while it reads, so a subscription that waits occupies none.
    ``last_event_id`` is the cursor that a reconnecting client of server-sent events brings along. ``reads`` belongs to
    the process: all subscriptions have it in common. ``deadline`` is how long a query or a mutation may take.
    """

    actor: Actor
    read: Reader
    transactor: Transactor
    agents: AgentCatalogue
    tools: ToolCatalogue
    wakeups: Wakeups
    reads: Reads
    clock: Callable[[], datetime]
    notary: Notary
    models: ModelTester
    deadline: timedelta
    last_event_id: str | None = None
    loaders: Loaders = field(init=False)
    _began: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self)

    @property
    def workspace_id(self) -> UUID:
        """The workspace of whoever asks: every read is limited to it."""
        return self.actor.workspace_id

    @property
    def time_left(self) -> timedelta:
        """Until the deadline of a query or a mutation; not above zero when it has passed."""
        return self.deadline - timedelta(seconds=time.monotonic() - self._began)

    def shares(self, event: object) -> Hashable | None:
        """What an answer about an event depends on besides the selection: who asks, and the event as it was read."""
        return (self.actor, event) if isinstance(event, Delivery) else None

    async def load(self, batch: Batch[Parent, Value], parent: Parent, *args: Any) -> Value:
        """What the batch function answers for one parent. All parents of a turn share one call."""
        return await self.loaders.load(batch, parent, args)

    async def load_all(self, batch: Batch[Parent, Value], parents: Sequence[Parent], *args: Any) -> list[Value]:
        """What the batch function answers for many parents, aligned with them."""
        return await self.loaders.load_all(batch, parents, args)

    async def perform(
        self,
        use_case: Callable[[UnitOfWork, Actor, Command], Awaitable[Result]],
        command: Command,
        idempotency_key: str | None = None,
    ) -> Outcome[Result]:
        """Run a use case in a unit of work of its own; what is read afterwards is read afresh.

        With a key, the same request gets the stored answer of the first time, and another one is refused.
        """

        async def work(uow: UnitOfWork) -> Result:
            if idempotency_key is None:
                return await use_case(uow, self.actor, command)
            key_hash = request_hash(use_case.__name__, command)
            return await once(uow, self.actor, idempotency_key, key_hash, lambda: use_case(uow, self.actor, command))

        try:
            return Outcome(value=await self.transactor.run(work))
        except Rejection as rejection:
            return Outcome(errors=rejection.each)
        finally:
            self.loaders.clear()

    async def close(self) -> None:
        """End the operation: what it loaded is forgotten."""
        self.loaders.clear()
