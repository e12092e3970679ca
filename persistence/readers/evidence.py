"""Reading evidence: verdicts, results of acceptance checks, receipts, and events as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, true

from domain.acceptance import AcceptanceResult
from domain.event_chain import ChainedEvent, EventHead
from domain.evidence import Evidence
from domain.reads import EvidenceFacts
from domain.receipt import SignedReceipt
from persistence.mappers import AnyRow
from persistence.mappers.evidence import to_evidence, to_receipt, to_result
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import acceptance_results, artifacts, events, evidence, executions, receipts, tool_calls

RECEIPTS_OF = Lookup(
    select(receipts).join(executions, executions.c.id == receipts.c.execution_id),
    receipts.c.execution_id,
    to_receipt,
    executions.c.workspace_id,
)


class EvidenceReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about evidence."""

    async def evidence_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[EvidenceFacts | None]:
        """What is on record of each execution, by one statement."""
        called = (
            select(
                func.count().label("calls"),
                func.count().filter(tool_calls.c.exit_code.is_distinct_from(0)).label("calls_failed"),
                func.count(tool_calls.c.tool.distinct()).label("tools"),
            )
            .where(tool_calls.c.execution_id == executions.c.id)
            .lateral("called")
        )
        stored = (
            select(func.count().label("artifacts"), func.coalesce(func.sum(artifacts.c.size), 0).label("bytes"))
            .where(artifacts.c.execution_id == executions.c.id)
            .lateral("stored")
        )
        boxed = (
            select(func.array_agg(acceptance_results.c.sandbox.distinct()).label("sandboxes"))
            .where(acceptance_results.c.execution_id == executions.c.id, acceptance_results.c.sandbox.is_not(None))
            .lateral("boxed")
        )
        whole = executions.join(called, true()).join(stored, true()).join(boxed, true())
        wanted = (
            select(
                executions.c.id,
                executions.c.sequence,
                executions.c.event_head,
                evidence.c.verdict,
                evidence.c.reasons,
                evidence.c.claims,
                *called.c,
                *stored.c,
                boxed.c.sandboxes,
            )
            .select_from(whole.outerjoin(evidence, evidence.c.execution_id == executions.c.id))
            .where(executions.c.workspace_id == workspace_id, among(executions.c.id, execution_ids))
        )
        async with self.connection() as connection:
            found = {row["id"]: _facts(row) for row in await connection.rows(wanted)}
        return [found.get(one) for one in execution_ids]

    async def acceptance_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[list[AcceptanceResult]]:
        """How the acceptance checks of each execution came out, in the order of the checks."""
        wanted = (
            select(acceptance_results)
            .join(executions, executions.c.id == acceptance_results.c.execution_id)
            .where(executions.c.workspace_id == workspace_id, among(executions.c.id, execution_ids))
            .order_by(acceptance_results.c.execution_id, acceptance_results.c.position)
        )
        found: dict[UUID, list[AcceptanceResult]] = {one: [] for one in execution_ids}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                found[row["execution_id"]].append(to_result(row))
        return [found[one] for one in execution_ids]

    async def receipts_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[SignedReceipt | None]:
        """The receipt of each execution, ``None`` where there is none."""
        return await RECEIPTS_OF.find(self, execution_ids, workspace_id)

    async def chained_events(
        self, workspace_id: UUID, execution_id: UUID, after: int, limit: int
    ) -> list[ChainedEvent]:
        """The execution's events behind a sequence number, exactly as they were written."""
        wanted = (
            select(events.c.sequence, events.c.kind, events.c.payload, events.c.actor, events.c.at)
            .where(
                events.c.workspace_id == workspace_id,
                events.c.execution_id == execution_id,
                events.c.sequence > after,
            )
            .order_by(events.c.sequence)
            .limit(limit)
        )
        async with self.connection() as connection:
            return [ChainedEvent(**row) for row in await connection.rows(wanted)]


def _facts(row: AnyRow) -> EvidenceFacts:
    head = row["event_head"]
    return EvidenceFacts(
        evidence=Evidence() if row["verdict"] is None else to_evidence(row),
        calls=row["calls"],
        calls_failed=row["calls_failed"],
        tools=row["tools"],
        artifacts=row["artifacts"],
        artifact_bytes=int(row["bytes"]),
        sandboxes=tuple(row["sandboxes"] or ()),
        events=EventHead(count=row["sequence"], head=None if head is None else head.hex()),
    )
