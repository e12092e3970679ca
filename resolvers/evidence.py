"""Where the evidence of executions comes from: verdicts, results of acceptance checks, receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.acceptance import AcceptanceResult
from domain.evidence import JudgedClaim, Verdict
from domain.execution import Execution
from domain.reads import EvidenceFacts
from domain.receipt import SignedReceipt
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Tool calls, counted."""

    count: int
    failed: int
    distinct_tools: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is on record of an execution."""

    verdict: Verdict
    reasons: tuple[str, ...]
    claims: tuple[JudgedClaim, ...]
    tool_calls: Calls
    artifact_count: int
    artifact_bytes: int
    sandboxes: tuple[str, ...]
    event_count: int
    event_head: str | None


async def of_executions(
    context: Context, executions: Sequence[Execution], _args: tuple[Any, ...]
) -> list[Proof | None]:
    """What is on record of each execution."""
    found = await context.read.evidence_of(context.workspace_id, [execution.id for execution in executions])
    return [None if facts is None else _proof(facts) for facts in found]


async def acceptance_of(
    context: Context, executions: Sequence[Execution], _args: tuple[Any, ...]
) -> list[list[AcceptanceResult]]:
    """How the acceptance checks of each execution came out."""
    return await context.read.acceptance_of(context.workspace_id, [execution.id for execution in executions])


async def receipts_of(
    context: Context, executions: Sequence[Execution], _args: tuple[Any, ...]
) -> list[SignedReceipt | None]:
    """The receipt of each execution, or ``None``."""
    return await context.read.receipts_of(context.workspace_id, [execution.id for execution in executions])


def _proof(facts: EvidenceFacts) -> Proof:
    return Proof(
        verdict=facts.evidence.verdict,
        reasons=facts.evidence.reasons,
        claims=facts.evidence.claims,
        tool_calls=Calls(count=facts.calls, failed=facts.calls_failed, distinct_tools=facts.tools),
        artifact_count=facts.artifacts,
        artifact_bytes=facts.artifact_bytes,
        sandboxes=facts.sandboxes,
        event_count=facts.events.count,
        event_head=facts.events.head,
    )
