"""What a running execution records. Every write is fenced by the lease: a worker that has lost it writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.errors import Invalid
from domain.events import (
    ArtifactStored,
    Event,
    FindingsRecorded,
    FindingsSettled,
    LogWritten,
    ProcessGone,
    ProgressChanged,
    RecoveryAttempted,
    SourcePrepared,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from domain.execution import Artifact, Progress, Step
from domain.finding import Finding, FindingDraft, FindingState, state_when_found
from domain.lease import Lease
from domain.ledger import Posting, PostingKind
from domain.message import MessageDraft
from domain.ports import UnitOfWork
from domain.project import Source
from domain.recovery import RecoveryAction
from domain.states import StepStatus, check_step
from domain.units import Unit
from domain.use_cases.messaging.receiving import handled
from domain.use_cases.messaging.sending import post


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What a step leaves behind when it succeeds. ``artifacts`` have their bytes in the artifact store already.

    ``handled`` is the message that the step was about; ``sent`` are the messages that go out with its success.
    """

    output: Any
    findings: tuple[FindingDraft, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    handled: UUID | None = None
    sent: tuple[MessageDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Everything an execution knows of its source's findings when the baseline is closed."""

    findings: tuple[tuple[Finding, FindingState], ...]
    first_audit: bool


async def record_source(uow: UnitOfWork, lease: Lease, state: str) -> None:
    """Note exactly what is worked on."""
    await _append(uow, lease, [SourcePrepared(state=state)])
    await uow.executions.set_source_state(lease.execution_id, state)


async def start_step(uow: UnitOfWork, lease: Lease, known: Step | None, name: str, position: int) -> Step:
    """Begin a step, or another attempt at one that did not succeed."""
    if known is None:
        step = Step(
            id=uow.new_id(),
            execution_id=lease.execution_id,
            position=position,
            name=name,
            status=StepStatus.RUNNING,
            attempt=1,
            started_at=uow.now,
        )
    else:
        step = replace(
            known,
            status=StepStatus.RUNNING,
            attempt=known.attempt + 1,
            started_at=uow.now,
            finished_at=None,
            error=None,
        )
    await _append(uow, lease, [StepStarted(step=name, attempt=step.attempt)])
    await uow.executions.put_step(step)
    return step


async def finish_step(uow: UnitOfWork, lease: Lease, step: Step, record: StepRecord, source: Source | None) -> Step:
    """End a step with success, together with all that it found, stored and sent, and the message it has handled."""
    check_step(step.status, StepStatus.SUCCEEDED)
    if record.sent:  # before anything else is locked
        await post(uow, lease, record.sent)
    if record.handled is not None:
        await handled(uow, lease, record.handled, step.name)
    done = replace(step, status=StepStatus.SUCCEEDED, output=record.output, finished_at=uow.now)
    findings = await _merge(uow, lease, record.findings, source)
    events: list[Event] = []
    if findings:
        events.append(_recorded(step.name, findings))
    events.extend(
        ArtifactStored(artifact_id=str(one.id), name=one.name, media_type=one.media_type, size=one.size)
        for one in record.artifacts
    )
    duration = done.duration
    milliseconds = round(duration.total_seconds() * 1000) if duration is not None else 0
    events.append(StepSucceeded(step=step.name, duration_ms=milliseconds))
    await _append(uow, lease, events)
    await uow.findings.put(findings)
    await uow.findings.mark_seen(lease.execution_id, findings)
    await uow.executions.insert_artifacts(record.artifacts)
    await uow.executions.put_step(done)
    if size := sum(artifact.size for artifact in record.artifacts):
        stored = Posting(kind=PostingKind.MEASURE, unit=Unit.BYTES, amount=size)
        await uow.ledger.post(lease.subject, step.id, [stored])
    return done


async def fail_step(
    uow: UnitOfWork,
    lease: Lease,
    step: Step,
    message: str,
    *,
    recovery: RecoveryAttempted | None = None,
    cancelled: bool = False,
) -> Step:
    """End an attempt at a step without success, and note what is done about it."""
    status = StepStatus.CANCELLED if cancelled else StepStatus.FAILED
    check_step(step.status, status)
    failed = replace(step, status=status, error=message, finished_at=uow.now)
    told = StepFailed(
        step=step.name,
        message=message,
        will_retry=recovery is not None and recovery.action == RecoveryAction.RETRY,
        error_class=recovery.error_class if recovery else None,
        severity=recovery.severity if recovery else None,
    )
    await _append(uow, lease, [told] if recovery is None else [told, recovery])
    await uow.executions.put_step(failed)
    return failed


async def record_recovery(uow: UnitOfWork, lease: Lease, recovery: RecoveryAttempted) -> None:
    """Note what is done about an error while its step goes on."""
    await _append(uow, lease, [recovery])


async def record_events(uow: UnitOfWork, lease: Lease, events: Iterable[Event]) -> None:
    """Tell what happens while a step goes on."""
    await _append(uow, lease, events)


async def record_segment_trace(uow: UnitOfWork, lease: Lease, traceparent: str) -> None:
    """Note where the trace of this segment begins, for the next one to link to."""
    await uow.executions.set_segment_traceparent(lease.execution_id, traceparent, epoch=lease.epoch)


async def record_progress(uow: UnitOfWork, lease: Lease, progress: Progress) -> None:
    """Note how far the execution is."""
    changed = ProgressChanged(done=progress.done, total=progress.total, message=progress.message)
    await _append(uow, lease, [changed])
    await uow.executions.set_progress(lease.execution_id, progress)


async def record_log(uow: UnitOfWork, lease: Lease, chunks: Sequence[LogWritten]) -> None:
    """Write log lines."""
    await _append(uow, lease, chunks)


async def record_process_gone(uow: UnitOfWork, lease: Lease, reason: str) -> None:
    """Note that no process of the execution is left."""
    execution = await uow.executions.lock(lease.execution_id)
    await _append(uow, lease, [ProcessGone(reason=reason)])
    if execution is not None:
        await uow.executions.update(replace(execution, process_gone_at=uow.now))


async def settle_findings(
    uow: UnitOfWork, lease: Lease, source: Source, agent: str, engines: Collection[str], skipped_paths: Collection[str]
) -> Settled:
    """Close the baseline: open findings of ``engines`` outside ``skipped_paths`` that were not seen become fixed.

    Doing it twice in one execution changes nothing.
    """
    first_audit = not await uow.findings.audited_before(source.id, agent, lease.execution_id)
    gone = await uow.findings.unseen(source.id, agent, lease.execution_id, engines, skipped_paths)
    fixed = [
        replace(
            finding,
            state=FindingState.FIXED,
            last_execution_id=lease.execution_id,
            version=finding.version + 1,
            updated_at=uow.now,
        )
        for finding in gone
    ]
    await uow.findings.put(fixed)
    await uow.findings.mark_seen(lease.execution_id, fixed)
    seen = await uow.findings.seen(lease.execution_id)
    states = [state for _, state in seen]
    settled = FindingsSettled(
        new=states.count(FindingState.NEW),
        persisting=states.count(FindingState.PERSISTING),
        fixed=states.count(FindingState.FIXED),
        waived=states.count(FindingState.WAIVED),
    )
    await _append(uow, lease, [settled])
    return Settled(findings=tuple(seen), first_audit=first_audit)


async def _append(uow: UnitOfWork, lease: Lease, events: Iterable[Event]) -> None:
    await uow.events.append(lease.subject, events, actor=lease.actor, epoch=lease.epoch)


async def _merge(uow: UnitOfWork, lease: Lease, drafts: Sequence[FindingDraft], source: Source | None) -> list[Finding]:
    if not drafts:
        return []
    project_id = lease.subject.project_id
    if source is None or project_id is None:
        raise Invalid("Findings need a source, and the project of this execution has none.")
    execution = await uow.executions.get(lease.subject.workspace_id, lease.execution_id)
    agent = execution.agent if execution else ""
    by_fingerprint = {draft.fingerprint: draft for draft in drafts}
    known = await uow.findings.known(source.id, agent, by_fingerprint)
    return [
        _merged(uow, lease, by_fingerprint[fingerprint], known.get(fingerprint), (project_id, source.id, agent))
        for fingerprint in sorted(by_fingerprint)
    ]


def _merged(
    uow: UnitOfWork, lease: Lease, draft: FindingDraft, previous: Finding | None, owner: tuple[UUID, UUID, str]
) -> Finding:
    project_id, source_id, agent = owner
    state = state_when_found(previous, uow.now)
    if previous is not None and previous.last_execution_id == lease.execution_id:
        state = previous.state
    reopened = previous is None or previous.state is FindingState.FIXED
    keeps_waiver = previous is not None and state is FindingState.WAIVED
    return Finding(
        id=previous.id if previous else uow.new_id(),
        workspace_id=lease.subject.workspace_id,
        project_id=project_id,
        source_id=source_id,
        agent=agent,
        engine=draft.engine,
        rule=draft.rule,
        severity=draft.severity,
        message=draft.message,
        location=draft.location,
        fingerprint=draft.fingerprint,
        state=state,
        help_url=draft.help_url,
        fix=draft.fix,
        waiver_reason=previous.waiver_reason if previous and keeps_waiver else None,
        waiver_expires_at=previous.waiver_expires_at if previous and keeps_waiver else None,
        first_execution_id=lease.execution_id if reopened or previous is None else previous.first_execution_id,
        last_execution_id=lease.execution_id,
        version=previous.version + 1 if previous else 1,
        created_at=previous.created_at if previous else uow.now,
        updated_at=uow.now,
    )


def _recorded(step: str, findings: Sequence[Finding]) -> FindingsRecorded:
    states = [finding.state for finding in findings]
    return FindingsRecorded(
        step=step,
        new=states.count(FindingState.NEW),
        persisting=states.count(FindingState.PERSISTING),
        waived=states.count(FindingState.WAIVED),
        finding_ids=tuple(str(finding.id) for finding in findings[:100]),
    )
