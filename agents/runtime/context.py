"""The context of one segment: steps that are run once, progress, and the baseline of findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import structlog
from pydantic import TypeAdapter

from agents.contract import (
    Action,
    AgentFailure,
    Answer,
    Budget,
    Checkout,
    Child,
    ChildResult,
    FindingsSummary,
    Received,
    Sent,
)
from agents.contract import Step as StepContract
from agents.contract.context import ANY_MESSAGE
from agents.contract.egress import Egress
from agents.contract.sandbox import Sandbox
from agents.contract.services import NO_SERVICES, Services
from agents.contract.step import check_step_name
from agents.messaging import received
from agents.models import ChosenModels
from agents.recovery import Decision, decide
from agents.runtime import traces
from agents.runtime.approvals import ApprovalDesk
from agents.runtime.call_ledger import CallLedger
from agents.runtime.children import Nursery
from agents.runtime.containment import contained
from agents.runtime.log_writer import LogWriter
from agents.runtime.mcp_calls import McpDesk
from agents.runtime.messages import MessageDesk
from agents.runtime.meter import Meter
from agents.runtime.step import RunningStep
from agents.runtime.uncertain_calls import UncertainCalls
from agents.runtime.waiting_room import WaitingRoom
from agents.toolbox import Toolbox
from domain.artifacts import ArtifactStore
from domain.errors import LeaseLost, StoreLost
from domain.execution import Progress, Step
from domain.finding import Finding, FindingState, fingerprinted
from domain.language_model import LanguageModel
from domain.message import Address, MessageType
from domain.ports import Clock, Transactor
from domain.project import Source
from domain.quality_gate import QualityGate
from domain.recovery import ErrorSeverity
from domain.redaction import Redactor
from domain.states import StepStatus
from domain.task import RetryPolicy
from domain.text import storable
from domain.use_cases import recording
from domain.use_cases.lifecycle import Segment

Output = TypeVar("Output")

MOST_SAID = 2_000
"""Characters of an error that its step keeps."""

log = structlog.get_logger(__name__)


class SegmentContext:
    """See :class:`agents.contract.AgentContext`."""

    def __init__(
        self,
        segment: Segment,
        checkout: Checkout,
        *,
        transactor: Transactor,
        store: ArtifactStore,
        toolbox: Toolbox,
        logs: LogWriter,
        clock: Clock,
        redactor: Redactor,
        sandbox: Sandbox,
        egress: Egress,
        uncertain_calls: UncertainCalls,
        desk: ApprovalDesk,
        room: WaitingRoom,
        services: Services = NO_SERVICES,
        side_effects: bool = False,
        models: tuple[LanguageModel, ...] = (),
    ) -> None:
        self.execution_id: UUID = segment.execution.id
        self.task_title = segment.task.title
        self.project_name = segment.project.name
        self.gate: QualityGate = segment.project.gate
        self.checkout = checkout
        self._lease = segment.lease
        self._agent = segment.execution.agent
        self._source: Source | None = segment.project.source
        self._known = dict(segment.steps)
        # Not their number: of steps that began side by side the killed worker may have recorded a later one only.
        self._positions = max((step.position for step in segment.steps.values()), default=0)
        self._begun: set[str] = set()
        self._transactor = transactor
        self._store = store
        self._toolbox = toolbox
        self._logs = logs
        self._meter = Meter(segment.lease, transactor)
        self.budget: Budget = self._meter
        self._clock = clock
        self._redactor = redactor
        self._sandbox = sandbox
        self._egress = egress
        self._services = services
        self._uncertain_calls = uncertain_calls
        self._desk = desk
        self._room = room
        self._messages = MessageDesk(segment.lease, transactor, room, redactor)
        self._side_effects = side_effects
        self._models = ChosenModels(chain=models)
        self._nursery = Nursery(segment.lease, transactor, room)
        self._servers = McpDesk(
            segment.lease,
            transactor=transactor,
            redactor=redactor,
            egress=egress,
            desk=desk,
            room=room,
            scratch=checkout.scratch,
        )

    async def close(self) -> None:
        """End what was started for all steps; when this returns, none of its processes is left."""
        await self._servers.close()

    async def step(
        self,
        name: str,
        function: Callable[[StepContract], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Run ``function`` once and record its output; after a crash return the record."""
        check_step_name(name)
        return await self.platform_step(name, function, returns=returns, retry=retry)

    def working(self) -> AbstractContextManager[None]:
        """Say that what is done within is work, although it is no step."""
        return self._room.working()

    async def approve(self, action: Action) -> Answer:
        """Ask whether the action may be done, and wait for the answer."""
        return await self._desk.ask(action)

    def recorded(self, name: str, *, returns: type[Output]) -> Output | None:
        """What the step of this name returned in an earlier segment; ``None`` when it has not succeeded there."""
        known = self._known.get(name)
        if known is None or known.status is not StepStatus.SUCCEEDED:
            return None
        return TypeAdapter(returns).validate_python(known.output)

    async def spawn(self, name: str, children: Sequence[Child]) -> Sequence[ChildResult]:
        """Have tasks done by other agents, and wait until all have ended."""
        return await self._nursery.spawn(name, children)

    async def send(
        self,
        name: str,
        to: Address,
        content: Any,
        *,
        metadata: Mapping[str, Any] | None = None,
        expires_in: timedelta | None = None,
    ) -> Sent:
        """Send a message, once."""
        return await self._messages.send(name, to, content, metadata, expires_in)

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
        """Send a request, once, and wait for its answer."""
        return await self._messages.request(name, to, content, returns, timeout, metadata)

    async def receive(
        self,
        name: str,
        handler: Callable[[StepContract, Received], Awaitable[Output]],
        *,
        returns: type[Output],
        types: Collection[MessageType] = ANY_MESSAGE,
        timeout: timedelta | None = None,
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Take the next message, and handle it in a step."""
        check_step_name(name)
        self._require_new(name)
        known = self._known.get(name)
        if known is not None and known.status is StepStatus.SUCCEEDED:
            self._begun.add(name)
            return TypeAdapter(returns).validate_python(known.output)
        message = await self._messages.take(name, types, timeout)
        given = received(message)

        async def handle(step: RunningStep) -> Output:
            return await handler(step, given)

        try:
            output = await self.platform_step(name, handle, returns=returns, retry=retry, handles=message.id)
        except Exception:
            self._messages.let_go(message.id)
            raise
        # One that was cut short keeps it: the segment ends, and in the next one it gets it again.
        self._messages.let_go(message.id)
        return output

    async def platform_step(
        self,
        name: str,
        function: Callable[[RunningStep], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy | None = None,
        handles: UUID | None = None,
    ) -> Output:
        """A step of the platform's own, which may have a name that no agent may use.

        ``handles`` is the message that has been handled once it has succeeded.
        """
        with self._room.working():
            return await self._step(name, function, returns, retry, handles)

    def _require_new(self, name: str) -> None:
        if name in self._begun:
            raise AgentFailure(f"The agent has two steps named {name!r}: a step's name is unique within an execution.")

    async def _step(
        self,
        name: str,
        function: Callable[[RunningStep], Awaitable[Output]],
        returns: type[Output],
        retry: RetryPolicy | None,
        handles: UUID | None,
    ) -> Output:
        self._require_new(name)
        self._begun.add(name)
        adapter = TypeAdapter(returns)
        known = self._known.get(name)
        if known is not None and known.status is StepStatus.SUCCEEDED:
            return adapter.validate_python(known.output)
        for attempt in count(1):
            known = await self._start(name, known)
            scope = self._running(name)
            with traces.step(name, known.attempt) as span:
                try:
                    with contained():
                        output = await function(scope)
                except asyncio.CancelledError:
                    await self._fail(known, "stopped", cancelled=True)
                    raise
                except (LeaseLost, StoreLost):
                    raise
                except Exception as error:
                    decision = self._decide(name, error, attempt, retry)
                    traces.failed(span, decision.error_class)
                    known = await self._fail(known, decision.message, decision)
                    if not decision.repeats:
                        raise
                else:
                    await self._finish(known, scope, storable(adapter.dump_python(output, mode="json")), handles)
                    return output
            await asyncio.sleep(decision.pause.total_seconds())
        raise AssertionError("unreachable")  # pragma: no cover

    def _decide(self, name: str, error: Exception, attempt: int, explicit: RetryPolicy | None) -> Decision:
        decision = decide(error, attempt, explicit, side_effects=self._side_effects)
        if decision.severity is ErrorSeverity.CRITICAL:
            said = self._redactor.text(decision.message)
            log.error("step_failed", step=name, error_class=decision.error_class.value, error=said)
        return decision

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how far the execution is."""
        progress = Progress(done=done, total=total, message=storable(message))
        with self._room.working():
            await self._transactor.run(lambda uow: recording.record_progress(uow, self._lease, progress))

    async def settle_findings(self, *, engines: Iterable[str], skipped_paths: Iterable[str] = ()) -> FindingsSummary:
        """Close the baseline of the source."""
        source = self._source
        if source is None:
            raise AgentFailure("Findings need a source, and the project of this task has none.")
        with self._room.working():
            settled = await self._transactor.run(
                lambda uow: recording.settle_findings(
                    uow, self._lease, source, self._agent, sorted(set(engines)), sorted(set(skipped_paths))
                )
            )

        def in_state(state: FindingState) -> list[Finding]:
            return [finding for finding, seen_as in settled.findings if seen_as is state]

        return FindingsSummary(
            new=in_state(FindingState.NEW),
            persisting=in_state(FindingState.PERSISTING),
            fixed=in_state(FindingState.FIXED),
            waived=in_state(FindingState.WAIVED),
            first_audit=settled.first_audit,
        )

    def tool_version(self, name: str) -> str | None:
        """The version of an installed tool, or ``None`` when it is missing."""
        tool = self._toolbox.find(name)
        return None if tool is None else tool.version

    def _running(self, name: str) -> RunningStep:
        ledger = CallLedger(
            name,
            self._lease,
            transactor=self._transactor,
            store=self._store,
            clock=self._clock,
            redactor=self._redactor,
            uncertain_calls=self._uncertain_calls,
            meter=self._meter,
        )
        return RunningStep(
            name,
            self._lease,
            checkout=self.checkout,
            transactor=self._transactor,
            store=self._store,
            toolbox=self._toolbox,
            logs=self._logs,
            clock=self._clock,
            ledger=ledger,
            redactor=self._redactor,
            sandbox=self._sandbox,
            egress=self._egress,
            room=self._room,
            ask=self._desk.ask,
            models=self._models,
            agent=self._agent,
            services=self._services,
            servers=self._servers,
        )

    async def _start(self, name: str, known: Step | None) -> Step:
        if known is None:
            self._positions += 1
        position = self._positions
        return await self._transactor.run(lambda uow: recording.start_step(uow, self._lease, known, name, position))

    async def _finish(self, step: Step, scope: RunningStep, output: object, handles: UUID | None) -> None:
        record = recording.StepRecord(
            output=output,
            findings=tuple(fingerprinted(scope.findings)),
            artifacts=await scope.store_artifacts(),
            handled=handles,
            sent=tuple(scope.sent),
        )
        await self._logs.flush()
        await self._transactor.run(lambda uow: recording.finish_step(uow, self._lease, step, record, self._source))

    async def _fail(
        self, step: Step, message: str, decision: Decision | None = None, *, cancelled: bool = False
    ) -> Step:
        said = storable(self._redactor.text(message))[:MOST_SAID]
        recovery = None if decision is None else decision.event(step.name, said)
        return await self._transactor.run(
            lambda uow: recording.fail_step(uow, self._lease, step, said, recovery=recovery, cancelled=cancelled)
        )
