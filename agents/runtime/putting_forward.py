"""What an execution puts forward when its agent says it is done: claims, checks that were run, and stored bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from agents.acceptance.checker import Checker
from agents.contract import Agent
from agents.contract.sandbox import Sandbox
from agents.runtime.claims import claims_with_steps
from agents.runtime.context import SegmentContext
from agents.runtime.step import RunningStep
from agents.toolbox.known import KNOWN_TOOLS
from domain.acceptance import AcceptanceResult, FindingThreshold, QuerySubject
from domain.artifacts import ArtifactMissing, ArtifactStore
from domain.execution import PLATFORM_STEPS, Artifact
from domain.ports import QueryRunner, Transactor
from domain.use_cases.closing import Case
from domain.use_cases.lifecycle import Segment

ACCEPTANCE = f"{PLATFORM_STEPS}acceptance"


async def put_forward(
    agent: Agent[Any, Any],
    report: BaseModel,
    segment: Segment,
    context: SegmentContext,
    *,
    transactor: Transactor,
    store: ArtifactStore,
    sandbox: Sandbox,
    queries: QueryRunner,
) -> Case:
    """Everything the verdict needs that takes longer than a transaction may.

    Raises:
        AgentFailure: the agent's claims are no claims.
    """
    claims = claims_with_steps(agent, report)
    execution_id = segment.execution.id

    async def artifacts() -> list[Artifact]:
        return await transactor.run(lambda uow: uow.evidence.artifacts(execution_id))

    async def check(step: RunningStep) -> list[AcceptanceResult]:
        checker = Checker(
            checkout=context.checkout,
            artifacts={artifact.name for artifact in await artifacts()},
            subject=QuerySubject(
                workspace_id=segment.execution.workspace_id,
                project_id=segment.execution.project_id,
                task_id=segment.execution.task_id,
                execution_id=execution_id,
            ),
            sandbox=sandbox,
            queries=queries,
            recorded=step.checked,
        )
        return await checker.run(segment.task.acceptance_checks)

    ran: list[AcceptanceResult] = []
    if any(not isinstance(one, FindingThreshold) for one in segment.task.acceptance_checks):
        ran = await context.platform_step(ACCEPTANCE, check, returns=list[AcceptanceResult])
    return Case(
        claims=claims,
        ran=tuple(ran),
        contents=await _contents(await artifacts(), store),
        accepted={name: tool.accepted for name, tool in KNOWN_TOOLS.items()},
    )


async def _contents(artifacts: Iterable[Artifact], store: ArtifactStore) -> Mapping[str, str | None]:
    """The SHA-256 of the artifacts' bytes as they are now, by the digest under which they are kept."""
    found: dict[str, str | None] = {}
    for digest in {artifact.sha256 for artifact in artifacts}:
        content = hashlib.sha256()
        try:
            async for chunk in store.stream(digest):
                content.update(chunk)
        except ArtifactMissing:
            found[digest] = None
        else:
            found[digest] = content.hexdigest()
    return found
