"""The end of an execution: what it claims is judged by the records, and what is on record gets a signed receipt."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.acceptance import AcceptanceResult, FindingThreshold
from domain.canonical import canonical
from domain.events import AcceptanceChecked
from domain.evidence import Claim, Evidence, Records, evidence_of, judge
from domain.execution import Execution, StoredReport
from domain.ports import UnitOfWork
from domain.receipt import Closed, SignedReceipt, signed_bytes, statement
from domain.task import Task
from domain.use_cases.acceptance import results_of, unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an execution that says it is done puts forward: its claims, and what its worker looked at for them.

    ``ran`` are the acceptance checks that had to be run; see :class:`domain.evidence.Records` for the others.
    """

    claims: tuple[Claim, ...] = ()
    ran: tuple[AcceptanceResult, ...] = ()
    contents: Mapping[str, str | None] = field(default_factory=dict)
    accepted: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of a case."""

    evidence: Evidence
    results: tuple[AcceptanceResult, ...]
    records: Records

    @property
    def only_checks_failed(self) -> bool:
        """Whether everything claimed is true, so that it is the acceptance checks that are not met."""
        return all(claim.verified for claim in self.evidence.claims)

    @property
    def events(self) -> list[AcceptanceChecked]:
        """What is to be told of the acceptance checks."""
        return [
            AcceptanceChecked(name=one.name, kind=one.kind.value, passed=one.passed, message=one.message)
            for one in self.results
        ]


async def try_case(uow: UnitOfWork, task: Task, execution_id: UUID, case: Case) -> Judged:
    """Hold what is claimed against the records of this moment, and count what the acceptance checks count."""
    checks = task.acceptance_checks
    counts_findings = any(isinstance(check, FindingThreshold) for check in checks)
    seen = await uow.findings.seen(execution_id) if counts_findings else ()
    results = results_of(checks, case.ran, seen)
    records = await _records(uow, execution_id, case)
    judged = judge(case.claims, records)
    evidence = evidence_of(judged, unmet(results), checks=len(checks))
    return Judged(evidence=evidence, results=results, records=records)


async def seal(
    uow: UnitOfWork, task: Task, ended: Execution, judged: Judged | None, report: StoredReport | None
) -> None:
    """Keep the evidence of an execution that has just ended, and its receipt. Nothing may be told of it afterwards."""
    if judged is None:
        judged = Judged(evidence=Evidence(), results=(), records=await _records(uow, ended.id, Case()))
    await uow.evidence.put(ended.id, judged.evidence, judged.results)
    facts = uow.agents.get(ended.agent)
    closed = Closed(
        task=task,
        execution=ended,
        agent_version=facts.version if facts else None,
        report=report,
        records=judged.records,
        evidence=judged.evidence,
        results=judged.results,
        spent=await uow.ledger.spent(ended.id),
        events=await uow.evidence.event_head(ended.id),
        issued_at=uow.now,
    )
    notary = uow.notary
    said = statement(closed, platform=notary.platform, public_key=notary.public_key, key_id=notary.key_id)
    payload = canonical(said)
    await uow.evidence.put_receipt(
        SignedReceipt(
            execution_id=ended.id,
            payload=payload.decode(),
            key_id=notary.key_id,
            public_key=notary.public_key,
            signature=b64encode(notary.sign(signed_bytes(payload))).decode(),
            issued_at=uow.now,
        )
    )


async def _records(uow: UnitOfWork, execution_id: UUID, case: Case) -> Records:
    return Records(
        steps=await uow.executions.steps(execution_id),
        tool_calls=await uow.evidence.tool_calls(execution_id),
        artifacts=await uow.evidence.artifacts(execution_id),
        findings=await uow.evidence.findings_recorded(execution_id),
        contents=case.contents,
        accepted=case.accepted,
    )
