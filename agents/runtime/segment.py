"""One segment: a worker runs an execution from where it stands to its end, or until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

import structlog
from opentelemetry.trace import Span
from pydantic import BaseModel

from agents.catalogue import Declaration, InstalledAgents
from agents.checkout import SourceUnavailable
from agents.contract import AgentFailure, Checkout, SideEffect, SourceUse, ToolFailure, ToolMissing
from agents.contract.egress import Egress
from agents.contract.sandbox import Sandbox
from agents.contract.services import NO_SERVICES, Services
from agents.recovery import classify, worst
from agents.runtime import traces
from agents.runtime.approvals import ApprovalDesk
from agents.runtime.checkouts import Checkouts
from agents.runtime.containment import AgentExited, agent_at_work, contained
from agents.runtime.context import SegmentContext
from agents.runtime.log_writer import LogWriter
from agents.runtime.patience import patiently
from agents.runtime.putting_forward import put_forward
from agents.runtime.uncertain_calls import AskedPerson
from agents.runtime.waiting_room import WaitingRoom
from agents.toolbox import Toolbox
from domain.artifacts import ArtifactStore
from domain.error_codes import is_code
from domain.errors import LeaseLost, Rejection, StoreLost, StoreRefused
from domain.execution import Execution, ExecutionError
from domain.ports import Clock, QueryRunner, Transactor
from domain.recovery import POLICIES, ErrorClass, ErrorSeverity
from domain.redaction import Redactor, redact_text
from domain.states import ExecutionStatus
from domain.text import storable
from domain.use_cases import lifecycle, recording
from domain.use_cases.closing import Case
from domain.use_cases.lifecycle import Outcome, Segment
from domain.use_cases.models import models_of

log = structlog.get_logger(__name__)

MOST_SAID = 4_000
"""Characters of an error that are kept: an agent may quote all that a program wrote."""


class Stop(Enum):
    """Why a segment is stopped from outside."""

    CANCEL = "cancelled"
    SHUTDOWN = "its worker is stopping"
    WAITING = "it waits for others"
    LEASE_LOST = "another worker has it by now"
    STORE_LOST = "the database was away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every segment of a worker works with."""

    transactor: Transactor
    agents: InstalledAgents
    store: ArtifactStore
    toolbox: Toolbox
    checkouts: Checkouts
    clock: Clock
    sandbox: Sandbox
    egress: Egress
    queries: QueryRunner
    services: Services = NO_SERVICES


class SegmentRun:
    """A segment being run. :meth:`stop` may be called at any time; the first reason counts.

    ``closing`` is true once the work is over and the execution is being brought to its end.
    """

    def __init__(self, segment: Segment, workshop: Workshop) -> None:
        self.segment = segment
        self._workshop = workshop
        self.closing = False
        self._stopped: Stop | None = None
        self._room = WaitingRoom(workshop.transactor, pause=lambda: self.stop(Stop.WAITING))
        self._work: asyncio.Task[Outcome] | None = None

    def stop(self, reason: Stop) -> None:
        """Stop the work: the processes it runs are ended, then the segment is brought to its end."""
        if self._stopped is None:
            self._stopped = reason
            if self._work is not None:
                self._work.cancel()

    async def run(self) -> None:
        """Run to the end. Whatever happens, the execution is left ended, back in the queue, or with its new owner."""
        # Where nobody traces, the lines of all its segments are tied together by the execution's own id.
        execution_id = self.segment.execution.id
        with (
            structlog.contextvars.bound_contextvars(execution_id=str(execution_id), trace_id=execution_id.hex),
            traces.segment(self.segment.execution, self._title(), self.segment.lease.worker_id) as span,
        ):
            try:
                await self._note_trace(span)
                outcome = await self._outcome()
                self.closing = True
                traces.ended(span, await self._close(outcome))
            except LeaseLost:
                log.warning("lease_lost", epoch=self.segment.lease.epoch)

    def _title(self) -> str:
        declaration = self._workshop.agents.get(self.segment.execution.agent)
        return self.segment.execution.agent if declaration is None else declaration.title

    async def _note_trace(self, span: Span) -> None:
        """Let the next segment know where this one's trace begins, should its worker die."""
        traceparent = traces.traceparent_of(span) if span.is_recording() else None
        if traceparent is not None:
            lease, transactor = self.segment.lease, self._workshop.transactor
            note = partial(recording.record_segment_trace, lease=lease, traceparent=traceparent)
            await patiently(lambda: transactor.run(note))

    async def _outcome(self) -> Outcome | None:
        """How the work ended; ``None`` when it is to go on elsewhere."""
        self._work = asyncio.create_task(self._run_agent())
        if self._stopped is not None:
            self._work.cancel()
        try:
            async with asyncio.timeout(self._seconds_left()):
                return await self._work
        except TimeoutError:
            return _failed(
                ExecutionStatus.TIMED_OUT,
                "TIMED_OUT",
                f"It took longer than {self.segment.execution.timeout}.",
                POLICIES[ErrorClass.TIMEOUT].severity,
            )
        except asyncio.CancelledError as cancelled:
            if self._stopped is None:
                if _is_being_cancelled():
                    raise
                return _from_error(AgentExited(cancelled))
        except StoreLost:
            # What was being recorded may be there or not: the next segment reads what is, and goes on from there.
            self._stopped = self._stopped or Stop.STORE_LOST
            log.error("store_lost", severity=POLICIES[ErrorClass.STORE_LOST].severity.value)
            return None
        if self._stopped is Stop.LEASE_LOST:
            raise LeaseLost(self.segment.execution.id)
        return _failed(ExecutionStatus.CANCELLED, "CANCELLED", "cancelled") if self._stopped is Stop.CANCEL else None

    def _seconds_left(self) -> float:
        now = self._workshop.clock.now()
        started = self.segment.execution.started_at or now
        left = self.segment.execution.timeout - (now - started - self.segment.execution.waited)
        return max(left.total_seconds(), 0.0)

    async def _close(self, outcome: Outcome | None) -> Execution | None:
        """Bring the execution to its end, and answer how it ended; ``None`` when it goes on later, or elsewhere."""
        transactor, lease = self._workshop.transactor, self.segment.lease
        if outcome is None and self._stopped is Stop.WAITING:
            room = self._room
            await patiently(
                lambda: transactor.run(
                    lambda uow: lifecycle.pause_execution(uow, lease, room.awaited_batches, room.answered)
                )
            )
            return None
        if outcome is None:
            reason = (self._stopped or Stop.SHUTDOWN).value
            await patiently(
                lambda: transactor.run(
                    lambda uow: lifecycle.requeue_execution(
                        uow, lease.execution_id, lease.epoch, crashed=False, reason=reason
                    )
                )
            )
            return None
        if outcome.status in {ExecutionStatus.CANCELLED, ExecutionStatus.TIMED_OUT}:
            reason = outcome.status.value.lower().replace("_", " ")
            await patiently(lambda: transactor.run(lambda uow: recording.record_process_gone(uow, lease, reason)))
        try:
            ended = await self._finish(outcome)
        except LeaseLost:
            raise
        except Exception as error:
            log.exception("end_not_recorded")
            message = f"How it ended could not be recorded: {type(error).__name__}. The worker's log says more."
            ended = await self._finish(_failed(ExecutionStatus.FAILED, "AGENT_FAILED", message, ErrorSeverity.HIGH))
        await self._workshop.checkouts.remove(lease.execution_id)
        return ended

    async def _finish(self, outcome: Outcome) -> Execution | None:
        """End it in one transaction. Done twice it is refused: the execution has ended by then."""
        lease = self.segment.lease
        return await patiently(
            lambda: self._workshop.transactor.run(lambda uow: lifecycle.finish_execution(uow, lease, outcome))
        )

    async def _run_agent(self) -> Outcome:
        redactor = Redactor()
        logs = LogWriter(self._workshop.transactor, self.segment.lease, self.segment.log_lines, redactor)
        agent_at_work()
        try:
            return await self._guarded(logs, redactor)
        finally:
            await logs.close()

    async def _guarded(self, logs: LogWriter, redactor: Redactor) -> Outcome:
        """Run the agent and turn whatever it raises into an outcome."""
        try:
            declaration = self._workshop.agents.get(self.segment.execution.agent)
            if declaration is None:
                return _failed(
                    ExecutionStatus.FAILED,
                    "AGENT_FAILED",
                    f"No agent {self.segment.execution.agent!r} is installed here.",
                )
            with contained():
                report, case = await self._report(declaration, logs, redactor)
        except (LeaseLost, StoreLost, asyncio.CancelledError):
            raise
        except BaseExceptionGroup as group:
            return _from_error(_first_error(group), redactor)
        except Exception as error:  # noqa: BLE001 - an agent may fail in any way; its failure is an outcome, not ours
            return _from_error(error, redactor)
        return Outcome(
            status=ExecutionStatus.SUCCEEDED, result_kind=type(report).__name__, result=_plain(report), case=case
        )

    async def _report(self, declaration: Declaration, logs: LogWriter, redactor: Redactor) -> tuple[BaseModel, Case]:
        agent = declaration.agent()
        inputs = agent.input_model.model_validate(dict(self.segment.execution.inputs))
        checkout = await self._checkout(declaration, agent.source_use(inputs))
        models = await self._workshop.transactor.run(lambda uow: models_of(uow, self.segment.lease, declaration.kind))
        desk = ApprovalDesk(declaration.kind, self.segment.lease, self._workshop.transactor, self._room)
        context = SegmentContext(
            self.segment,
            checkout,
            transactor=self._workshop.transactor,
            store=self._workshop.store,
            toolbox=self._workshop.toolbox,
            logs=logs,
            clock=self._workshop.clock,
            redactor=redactor,
            sandbox=self._workshop.sandbox,
            egress=self._workshop.egress,
            services=self._workshop.services,
            uncertain_calls=AskedPerson(desk),
            desk=desk,
            room=self._room,
            models=models,
            side_effects=declaration.side_effects not in ((), (SideEffect.NONE.value,)),
        )
        try:
            report: BaseModel = await agent.run(context, inputs)
            case = await put_forward(
                agent,
                report,
                self.segment,
                context,
                transactor=self._workshop.transactor,
                store=self._workshop.store,
                sandbox=self._workshop.sandbox,
                queries=self._workshop.queries,
            )
        finally:
            await context.close()
            await self._room.close()
        return report, case

    async def _checkout(self, declaration: Declaration, use: SourceUse) -> Checkout:
        source = self.segment.project.source
        if source is None or use is SourceUse.UNUSED or not declaration.checks_out:
            if source is None and use is SourceUse.NEEDED:
                raise AgentFailure("The project of this task has no source.", code="SOURCE_UNAVAILABLE")
            return await self._workshop.checkouts.empty(self.segment.execution.id, self.segment.project.id)
        checkout = await self._workshop.checkouts.of(self.segment.execution.id, source)
        known = self.segment.execution.source_state
        if known is None:
            await self._workshop.transactor.run(
                lambda uow: recording.record_source(uow, self.segment.lease, checkout.state)
            )
        elif known != checkout.state:
            message = (
                f"The source changed from {known} to {checkout.state} while the execution moved to another worker."
            )
            raise AgentFailure(message, code="SOURCE_CHANGED")
        return checkout


def _plain(report: BaseModel) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = storable(report.model_dump(mode="json"))
    return plain


def _failed(status: ExecutionStatus, code: str, message: str, severity: ErrorSeverity | None = None) -> Outcome:
    said = redact_text(storable(message))[:MOST_SAID]
    return Outcome(status=status, error=ExecutionError(code=code, message=said, severity=severity))


def _first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to show for several: that of the lease or of the database before the others, else the gravest."""
    flat: list[BaseException] = []
    pending: list[BaseException] = [group]
    while pending:
        one = pending.pop(0)
        if isinstance(one, BaseExceptionGroup):
            pending = [*one.exceptions, *pending]
        else:
            flat.append(one)
    return next((one for one in flat if isinstance(one, (LeaseLost, StoreLost))), worst(group))


def _is_being_cancelled() -> bool:
    """Whether the present task was told to stop, and not just something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _from_error(error: BaseException, redactor: Redactor | None = None) -> Outcome:
    if isinstance(error, (LeaseLost, StoreLost)):
        raise error
    code, message = _said(error)
    if redactor is not None:
        message = redactor.text(message)
    if not is_code(code) or (redactor is not None and redactor.text(code) != code):
        code = "AGENT_FAILED"  # an agent may have put anything there
    outcome = _failed(ExecutionStatus.FAILED, code, message, POLICIES[classify(error)].severity)
    if not isinstance(error, AgentFailure) or error.report is None:
        return outcome
    return replace(outcome, result_kind=type(error.report).__name__, result=_plain(error.report))


def _said(error: BaseException) -> tuple[str, str]:
    if isinstance(error, AgentFailure):
        return error.code, str(error)
    if isinstance(error, SourceUnavailable):
        return "SOURCE_UNAVAILABLE", str(error)
    if isinstance(error, ToolMissing):
        return "TOOL_MISSING", str(error)
    if isinstance(error, ToolFailure):
        return "AGENT_FAILED", str(error)
    if isinstance(error, Rejection):
        return error.code, error.message
    log.error("agent_crashed", exc_info=error)
    if isinstance(error, StoreRefused):
        return "AGENT_FAILED", str(error)
    return "AGENT_FAILED", f"The agent stopped with an error of its own: {type(error).__name__}: {error}"
