"""Reading what is on record of an execution that ends, and writing what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.acceptance import AcceptanceResult
from domain.event_chain import EventHead
from domain.evidence import Evidence
from domain.execution import Artifact, ToolCall
from domain.finding import FindingState
from domain.receipt import SignedReceipt
from persistence.mappers import to_artifact, to_tool_call
from persistence.mappers.evidence import from_evidence, from_receipt, from_result
from persistence.tables import acceptance_results, artifacts, evidence, executions, receipts, sightings, tool_calls


class EvidenceTable:
    """See :class:`domain.ports.EvidenceStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def tool_calls(self, execution_id: UUID) -> list[ToolCall]:
        """All its tool calls, the oldest first."""
        found = (
            select(tool_calls)
            .where(tool_calls.c.execution_id == execution_id)
            .order_by(tool_calls.c.started_at, tool_calls.c.id)
        )
        return [to_tool_call(row) for row in (await self._connection.execute(found)).mappings()]

    async def artifacts(self, execution_id: UUID) -> list[Artifact]:
        """All its artifacts by name."""
        found = select(artifacts).where(artifacts.c.execution_id == execution_id).order_by(artifacts.c.name)
        return [to_artifact(row) for row in (await self._connection.execute(found)).mappings()]

    async def findings_recorded(self, execution_id: UUID) -> int:
        """How many findings it saw, those not counted that it found fixed."""
        found = select(func.count()).where(
            sightings.c.execution_id == execution_id, sightings.c.state != FindingState.FIXED.value
        )
        counted: int = (await self._connection.execute(found)).scalar_one()
        return counted

    async def event_head(self, execution_id: UUID) -> EventHead:
        """The end of the chain of its events."""
        found = select(executions.c.sequence, executions.c.event_head).where(executions.c.id == execution_id)
        row = (await self._connection.execute(found)).one()
        return EventHead(count=row.sequence, head=None if row.event_head is None else row.event_head.hex())

    async def put(self, execution_id: UUID, verdict: Evidence, results: Sequence[AcceptanceResult]) -> None:
        """Keep the verdict, and how its acceptance checks came out."""
        await self._connection.execute(insert(evidence).values(from_evidence(execution_id, verdict)))
        if results:
            rows = [from_result(execution_id, result) for result in results]
            await self._connection.execute(insert(acceptance_results), rows)

    async def put_receipt(self, receipt: SignedReceipt) -> None:
        """Keep its receipt."""
        await self._connection.execute(insert(receipts).values(from_receipt(receipt)))
