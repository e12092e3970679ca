"""Triage: a person's verdict on a finding."""

from __future__ import annotations

from dataclasses import replace

from domain.actor import Actor, Permission
from domain.commands import SetFindingState
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.events import FindingStateChanged, Subject
from domain.finding import Finding, FindingState
from domain.ports import UnitOfWork
from domain.text import check_text
from domain.use_cases.found import at_version


async def set_finding_state(uow: UnitOfWork, actor: Actor, command: SetFindingState) -> Finding:
    """Waive a finding, or take a waiver back. NEW and FIXED are measured, so nobody can set them.

    Raises:
        Denied, NotFound, VersionConflict: as their names say.
        Invalid: a waiver without a reason, or with an expiry that has passed.
        IllegalTransition: the state is not for people to set, or the finding is not in a state to leave.
    """
    actor.require(Permission.TRIAGE_FINDINGS)
    finding = await uow.findings.get(actor.workspace_id, command.finding_id)
    if finding is None:
        raise NotFound("finding", str(command.finding_id), path=("input", "findingId"))
    at_version(finding, command.expected_version)
    if command.state is FindingState.WAIVED:
        changed = _waived(uow, finding, command)
    elif command.state is FindingState.PERSISTING and finding.state is FindingState.WAIVED:
        changed = replace(finding, state=FindingState.PERSISTING, waiver_reason=None, waiver_expires_at=None)
    else:
        raise IllegalTransition(noun="finding", current=finding.state, target=command.state, path=("input", "state"))
    changed = replace(changed, version=finding.version + 1, updated_at=uow.now)
    await uow.findings.put([changed])
    await uow.events.append(
        Subject(workspace_id=finding.workspace_id, project_id=finding.project_id),
        [FindingStateChanged(finding_id=str(finding.id), previous=finding.state, state=changed.state)],
        actor=actor.id,
    )
    return changed


def _waived(uow: UnitOfWork, finding: Finding, command: SetFindingState) -> Finding:
    if finding.state is FindingState.FIXED:
        raise IllegalTransition(noun="finding", current=finding.state, target=command.state, path=("input", "state"))
    reason = check_text(command.reason or "", "reason", most=2_000, required=True)
    if command.expires_at is not None and command.expires_at <= uow.now:
        raise Invalid("expiresAt has passed already: give a time to come, or none.", path=("input", "expiresAt"))
    return replace(finding, state=FindingState.WAIVED, waiver_reason=reason, waiver_expires_at=command.expires_at)
