"""The store of findings on PostgreSQL: what is known of a source, and which execution saw which."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

from domain.events import FindingsSettled, Subject
from domain.finding import FindingState
from domain.ports import UnitOfWork
from domain.severity import Severity
from tests.persistence.conftest import Shelf, has_defaults, refused_for


async def test_a_finding_goes_there_and_back(shelf: Shelf) -> None:
    project = await shelf.project()
    assert project.source is not None
    source_id = project.source.id
    execution = await shelf.execution(await shelf.task(project))
    finding = shelf.new_finding(project, execution)
    assert has_defaults(finding) == []
    await shelf.do(lambda uow: uow.findings.put([finding]))
    assert await shelf.do(lambda uow: uow.findings.get(shelf.workspace_id, finding.id)) == finding
    changed = replace(
        finding,
        rule="S102",
        severity=Severity.CRITICAL,
        message="",
        location=replace(finding.location, path="c.py", start_line=None, end_line=None),
        state=FindingState.NEW,
        help_url=None,
        fix=None,
        waiver_reason=None,
        waiver_expires_at=None,
        first_execution_id=None,
        last_execution_id=None,
        version=4,
    )
    await shelf.do(lambda uow: uow.findings.put([changed]))
    known = await shelf.do(lambda uow: uow.findings.known(source_id, "inspector", [finding.fingerprint, "other"]))
    assert known == {finding.fingerprint: changed}
    assert await shelf.do(lambda uow: uow.findings.known(source_id, "other", [finding.fingerprint])) == {}
    twin = shelf.new_finding(project, fingerprint=finding.fingerprint)
    with refused_for("uq_findings_source_id_agent_fingerprint"):
        await shelf.do(lambda uow: uow.findings.put([twin]))


async def test_what_is_new_to_two_audits_at_once_is_one_finding(shelf: Shelf) -> None:
    project = await shelf.project()
    assert project.source is not None
    source_id = project.source.id
    execution = await shelf.execution(await shelf.task(project))
    finding = shelf.new_finding(project, execution)
    first_has_looked, second_looks = asyncio.Event(), asyncio.Event()

    async def audit(uow: UnitOfWork, looked: asyncio.Event, wait_for: asyncio.Event | None) -> bool:
        known = await uow.findings.known(source_id, "inspector", [finding.fingerprint])
        looked.set()
        if wait_for is not None:
            await wait_for.wait()
        await uow.findings.put([known.get(finding.fingerprint) or replace(finding, id=uow.new_id())])
        return finding.fingerprint in known

    async def second() -> bool:
        await first_has_looked.wait()
        second_looks.set()
        return bool(await shelf.do(lambda uow: audit(uow, asyncio.Event(), None)))

    first = shelf.do(lambda uow: audit(uow, first_has_looked, second_looks))
    first_knew, second_knew = await asyncio.gather(first, second())
    assert (first_knew, second_knew) == (False, True)


async def test_many_findings_are_put_at_once(shelf: Shelf) -> None:
    project = await shelf.project()
    execution = await shelf.execution(await shelf.task(project))
    found = [shelf.new_finding(project, execution) for _ in range(1_203)]
    await shelf.do(lambda uow: uow.findings.put(found))
    await shelf.do(lambda uow: uow.findings.mark_seen(execution.id, found))
    seen = await shelf.do(lambda uow: uow.findings.seen(execution.id))
    assert {finding.id for finding, _ in seen} == {finding.id for finding in found}


async def test_what_an_execution_did_not_see_is_found(shelf: Shelf) -> None:
    project = await shelf.project()
    assert project.source is not None
    source_id = project.source.id
    execution = await shelf.execution(await shelf.task(project))
    path = shelf.new_finding(project).location
    seen = shelf.new_finding(project, execution, state=FindingState.NEW)
    gone = shelf.new_finding(project, execution, state=FindingState.PERSISTING)
    waived = shelf.new_finding(project, execution)
    fixed = shelf.new_finding(project, execution, state=FindingState.FIXED)
    other_engine = shelf.new_finding(project, execution, engine="vulture", state=FindingState.NEW)
    skipped = shelf.new_finding(project, state=FindingState.NEW, location=replace(path, path="broken.py"))
    everything = [seen, gone, waived, fixed, other_engine, skipped]
    await shelf.do(lambda uow: uow.findings.put(everything))
    await shelf.do(lambda uow: uow.findings.mark_seen(execution.id, [seen]))
    unseen = await shelf.do(
        lambda uow: uow.findings.unseen(source_id, "inspector", execution.id, ["ruff"], ["broken.py"])
    )
    assert {finding.id for finding in unseen} == {gone.id, waived.id}
    later = replace(seen, state=FindingState.FIXED)
    await shelf.do(lambda uow: uow.findings.put([later]))
    assert await shelf.do(lambda uow: uow.findings.seen(execution.id)) == [(later, FindingState.NEW)]
    assert not await shelf.do(lambda uow: uow.findings.audited_before(source_id, "inspector", uuid4()))
    subject = Subject(workspace_id=shelf.workspace_id, execution_id=execution.id)
    settled = FindingsSettled(new=1, persisting=0, fixed=0, waived=0)
    await shelf.do(lambda uow: uow.events.append(subject, [settled], actor="t"))
    assert await shelf.do(lambda uow: uow.findings.audited_before(source_id, "inspector", uuid4()))
    assert not await shelf.do(lambda uow: uow.findings.audited_before(source_id, "inspector", execution.id))
