"""What the platform gives an agent while it works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from agents.contract.approval import Action, Answer
from agents.contract.budget import Budget
from agents.contract.checkout import Checkout
from agents.contract.children import Child, ChildResult
from agents.contract.message import Received, Sent
from agents.contract.step import Step
from domain.finding import Finding
from domain.message import Address, MessageType
from domain.quality_gate import QualityGate
from domain.task import RetryPolicy

Output = TypeVar("Output")

ANY_MESSAGE = frozenset({MessageType.INFORM, MessageType.REQUEST})
"""What comes into a mailbox; answers go to whoever has asked."""


class AgentContext(Protocol):
    """What the platform gives an agent for one execution."""

    execution_id: UUID
    task_title: str
    project_name: str
    gate: QualityGate
    checkout: Checkout

    @property
    def budget(self) -> Budget:
        """What may still be spent."""

    async def step(
        self,
        name: str,
        function: Callable[[Step], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Run ``function`` once and record its output; after a crash return the record.

        The output is anything that pydantic can serialise as ``returns``.

        When it raises, what is done follows from the class of the error (``domain.recovery.POLICIES``): what passes by
        itself is tried again after a pause, unless the agent has side effects that might be had twice. With ``retry``
        every error but ``AgentFailure`` is tried again as that says: ``RetryPolicy()`` means never.

        Steps may run side by side (``asyncio.TaskGroup``). ``name`` is unique within the execution.
        """

    def working(self) -> AbstractContextManager[None]:
        """Say that what is done within is work, although it is no step: a long calculation, for example.

        Otherwise the execution may be interrupted there, because another part of it waits for somebody.
        """

    async def approve(self, action: Action) -> Answer:
        """Ask whether the action may be done, and wait for the answer, however long it takes.

        While nothing else of the execution is at work it waits without a worker: ``run`` is interrupted and later runs
        again from its top, with the records of the steps that have succeeded. The answer is given for exactly these
        arguments: when an action of the same name comes with others, what was permitted before is void, and the new
        one is asked. Do the action in a step behind this call, never in front of it.

        Several may be asked side by side (``asyncio.TaskGroup``). ``action.name`` is unique within the execution.

        Raises:
            ActionRejected: it may not be done, unless the action says to return the answer then.
        """

    def recorded(self, name: str, *, returns: type[Output]) -> Output | None:
        """What the step of this name returned in an earlier segment; ``None`` when it has not succeeded there.

        It spares what would be asked or read only to run that step.
        """

    async def spawn(self, name: str, children: Sequence[Child]) -> Sequence[ChildResult]:
        """Have tasks done by other agents, and wait until all have ended; the answers are in their order.

        They are parts of the execution's task, and dispatched in the name of whoever dispatched that. While nothing
        else of the execution is at work it waits without a worker, as for an approval. What was started under a name
        stays: after a crash, or a pause, the same name answers for the same tasks. ``name`` is unique within the
        execution; several may be started side by side (``asyncio.TaskGroup``). At most 1,000 at once.

        They are cancelled when the execution ends before them.

        Raises:
            domain.errors.Rejection: one of them cannot be done: an unknown agent, inputs that do not fit, a budget.
        """

    async def send(
        self,
        name: str,
        to: Address,
        content: Any,
        *,
        metadata: Mapping[str, Any] | None = None,
        expires_in: timedelta | None = None,
    ) -> Sent:
        """Send a message to another agent; it is in its mailbox when this returns, and is sent once, whatever crashes.

        ``to`` is a ``ToTask``, ``ToExecution`` or ``ToAgent``. ``content`` is JSON, a pydantic model, or text; secrets
        are taken out. ``name`` is unique within the execution; after a crash it finds what was sent under it. Messages
        of one sender to one task are delivered in the order in which they were sent. One that nobody has taken after
        ``expires_in`` is not delivered any more.

        What cannot be delivered, because the task has ended or is not there, is recorded, and ``reason`` says why.

        Raises:
            AgentFailure: the name was used before in this execution, or the content is not JSON.
            Invalid: more than 100,000 characters; or other content than what was sent under this name before a crash.
        """

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
        """Ask another agent something, and wait for its answer, however long it takes, up to ``timeout``.

        While nothing else of the execution is at work it waits without a worker, as ``approve`` does. The answer, or
        that there was none, is recorded: after a crash it is the same.

        Raises:
            MessageTimedOut: nobody answered in time, by the clock that all processes share.
            MessageUndeliverable: it cannot be delivered, or the task of whoever was asked has ended without an answer.
            RequestRefused: the other agent refuses.
            AgentFailure: the answer is not what ``returns`` says; and as for ``send``.
        """

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
        """Take the next message of the mailbox, waiting for it if there is none, and handle it in a step.

        The step is called ``name``; that it has succeeded and that the message is handled is recorded together. A step
        that was killed before gets the same message again; one that has succeeded never does. What it answers by
        ``step.reply`` or sends by ``step.send`` goes out in the same transaction.

        The mailbox is that of the task: another attempt at it goes on with what was not handled.

        Raises:
            MessageTimedOut: none came within ``timeout``, counted from the first time that this was called.
        """

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how far the execution is."""

    async def settle_findings(self, *, engines: Iterable[str], skipped_paths: Iterable[str] = ()) -> FindingsSummary:
        """Close the baseline: what is known, belongs to ``engines`` and was not found again becomes fixed.

        What lies in ``skipped_paths`` (files, or folders with all below them) stays as it is. Call it once, when every
        step that finds is done.
        """

    def tool_version(self, name: str) -> str | None:
        """The version of an installed tool, or ``None`` when it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsSummary:
    """This execution's findings compared with the last audit of the same source; each list is in severity order."""

    new: Sequence[Finding]
    persisting: Sequence[Finding]
    fixed: Sequence[Finding]
    waived: Sequence[Finding]
    first_audit: bool
