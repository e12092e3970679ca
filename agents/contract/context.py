"""What the platform gives an agent while it works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from agents.contract.approval import Action, Answer
from agents.contract.budget import Budget
from agents.contract.checkout import Checkout
from agents.contract.children import Child, ChildResult
from agents.contract.step import Step
from domain.finding import Finding
from domain.quality_gate import QualityGate
from domain.task import RetryPolicy

Output = TypeVar("Output")


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
