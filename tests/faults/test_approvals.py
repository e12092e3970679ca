"""Executions that wait for approvals, while everything around them dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from persistence.embedded import EmbeddedPostgres
from schema.node_ids import encode
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import Checker, lines_of, until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, PlatformProcess, started, until
from tests.faults.test_database_loss import kill_server, postmaster
from tests.faults.work import Work, cancel, give

DECIDE = """($id: ID!, $digest: String!) {{ {0}(input: {{ approvalId: $id, digest: $digest }}) {{
  approval {{ status }} errors {{ code }} }} }}"""


@asynccontextmanager
async def working(ground: Ground, settings: Mapping[str, str] | None = None) -> AsyncIterator[PlatformProcess]:
    """A worker that is at work when the context is entered."""
    async with started("worker", ground.data_dir, settings) as worker:
        await ground.checker.until_worker(worker)
        yield worker


async def asked(checker: Checker, work: Work, count: int = 1) -> list[asyncpg.Record]:
    """What the execution has asked, once it waits for so many answers."""
    await checker.until_status(work.execution_id, "AWAITING_APPROVAL", 20)
    rows = await checker.rows(
        "SELECT * FROM approvals WHERE execution_id = $1 AND status = 'PENDING' ORDER BY name", work.execution_id
    )
    assert len(rows) == count
    return rows


async def decide(client: GraphQLClient, verdict: str, approval: asyncpg.Record) -> dict[str, Any]:
    document = f"mutation {DECIDE.format(verdict)}"
    given = {"id": encode("Approval", approval["id"]), "digest": approval["digest"]}
    return dict((await client.query(document, given))[verdict])


async def approve(client: GraphQLClient, approval: asyncpg.Record) -> None:
    answer = await decide(client, "approve", approval)
    assert (answer["errors"], answer["approval"]) == ([], {"status": "APPROVED"})


async def test_the_slot_is_free_while_an_execution_waits(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    one = {"WRENCHAI_AGENT_CONCURRENCY": "1", "WRENCHAI_WORKER_SLOTS": "1"}
    async with working(ground, one):
        waits = await give(caller, folder, steps=1, held=False, asks=[{}])
        (approval,) = await asked(ground.checker, waits)
        works = await give(caller, folder, steps=1)
        await works.begun(1)
        await approve(caller, approval)
        works.let(1)
        await ground.checker.until_status(works.execution_id, "SUCCEEDED", 10)
        await ground.checker.until_status(waits.execution_id, "SUCCEEDED", 10)
        assert await lines_of(waits.journal) == ["start 1", "end 1", "did act"]
        await ground.checker.nothing_is_left()


@pytest.mark.verify
async def test_a_worker_that_dies_when_it_has_asked_asks_nothing_twice(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    async with working(ground) as first:
        work = await give(caller, folder, steps=1, held=False, asks=[{"busy": str(folder / "gate")}])

        async def has_asked() -> bool:
            return (await ground.checker.kinds(work.execution_id))["ApprovalRequested"] == 1

        await until(has_asked, 20, "it has asked")
        await first.kill()
        assert (await ground.checker.execution(work.execution_id))["status"] == "RUNNING"
    (folder / "gate").touch()
    async with working(ground):
        (approval,) = await asked(ground.checker, work)
        await approve(caller, approval)
        execution = await ground.checker.until_status(work.execution_id, "SUCCEEDED", 10)
        assert (execution["crashes"], await work.starts(1)) == (1, [1])
        assert (await ground.checker.kinds(work.execution_id))["ApprovalRequested"] == 1
        await ground.checker.nothing_is_left()


@pytest.mark.verify
async def test_a_question_outlives_everything(folder: Path) -> None:
    """SIGKILL for the platform and its database, twice: before the decision, and between two of them."""
    data_dir = folder / "data"
    async with started("up", data_dir) as up:
        async with up.client() as client:
            work = await give(client, folder, steps=3, held=False, asks=[{"name": "one"}, {"name": "two"}])
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        one, two = await asked(checker, work, 2)
        await server.stop()
        await kill_server(data_dir)
        await up.kill()
    async with started("up", data_dir) as up:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        assert [row["id"] for row in await asked(checker, work, 2)] == [one["id"], two["id"]]
        async with up.client() as client:
            await approve(client, two)
        await until_line(work.journal, "did two")
        (left,) = await asked(checker, work)
        assert left["id"] == one["id"]
        await server.stop()
        await kill_server(data_dir)
        await up.kill()
    async with started("up", data_dir) as up:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            async with up.client() as client:
                await approve(client, one)
            execution = await checker.until_status(work.execution_id, "SUCCEEDED", 20)
            assert execution["crashes"] == 0
            assert (await lines_of(work.journal))[-2:] == ["did two", "did one"]
            assert (await work.starts(3), await work.ends(3)) == ([1, 1, 1], [1, 1, 1])
            assert (await checker.kinds(work.execution_id))["ApprovalRequested"] == 2
            await checker.nothing_is_left()
        finally:
            await server.stop()
        up.interrupt()
        assert await up.exit_code(15) == 0, up.output()
    assert postmaster(data_dir) is None


@pytest.mark.verify
async def test_a_decision_without_a_worker_is_carried_out_by_the_next(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    """And the arguments have changed meanwhile, so what was permitted is void."""
    where = folder / "where"
    where.write_text("here")
    async with working(ground) as first:
        work = await give(caller, folder, steps=1, held=False, asks=[{"varies": str(where)}])
        (approval,) = await asked(ground.checker, work)
        await first.kill()
    await approve(caller, approval)
    where.write_text("there")
    async with working(ground):
        await until(lambda: _voided(ground.checker, work), LEASE + 10, "what was permitted is void")
        (again,) = await asked(ground.checker, work)
        assert again["digest"] != approval["digest"]
        assert "did act" not in await lines_of(work.journal)
        assert [error["code"] for error in (await decide(caller, "approve", approval))["errors"]] == ["APPROVAL_ENDED"]
        await approve(caller, again)
        await ground.checker.until_status(work.execution_id, "SUCCEEDED", 10)
        assert (await lines_of(work.journal)).count("did act") == 1
        await ground.checker.nothing_is_left()


async def _voided(checker: Checker, work: Work) -> bool:
    return (await checker.kinds(work.execution_id))["ApprovalVoided"] == 1


@pytest.mark.verify
@pytest.mark.parametrize(("fallback", "ends"), [("APPROVE", "SUCCEEDED"), ("FAIL", "FAILED")])
async def test_what_expires_while_no_worker_runs_is_refused_and_falls_back_with_the_next(
    ground: Ground, caller: GraphQLClient, folder: Path, fallback: str, ends: str
) -> None:
    async with working(ground) as first:
        ask = {"expires_in": 3, "fallback": fallback}
        work = await give(caller, folder, steps=1, held=False, asks=[ask])
        (approval,) = await asked(ground.checker, work)
        await first.kill()

    async def is_over() -> bool:
        (row,) = await ground.checker.rows(
            "SELECT clock_timestamp() > expires_at + interval '1 second' AS over FROM approvals WHERE id = $1",
            approval["id"],
        )
        return bool(row["over"])

    await until(is_over, 20, "its time has passed")
    for verdict in ("approve", "reject"):
        assert [error["code"] for error in (await decide(caller, verdict, approval))["errors"]] == ["APPROVAL_ENDED"]
    assert [row["id"] for row in await asked(ground.checker, work)] == [approval["id"]]
    async with working(ground):
        await ground.checker.until_status(work.execution_id, ends, LEASE + 15)
        assert ("did act" in await lines_of(work.journal)) is (fallback == "APPROVE")
        assert (await ground.checker.kinds(work.execution_id))["ApprovalExpired"] == 1
        await ground.checker.nothing_is_left()


@pytest.mark.verify
async def test_many_questions_under_dying_workers_never_cross(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    """Half of them are approved and half rejected, while each worker dies as soon as the next has come."""
    async with working(ground) as worker:
        works = [
            await give(caller, folder, steps=1, held=False, asks=[{"arguments": {"of": number}}]) for number in range(8)
        ]
        questions = [(await asked(ground.checker, work))[0] for work in works]
        assert len({question["digest"] for question in questions}) == len(works)

        async def decide_all() -> None:
            for number, question in enumerate(questions):
                answer = await decide(caller, "reject" if number % 2 else "approve", question)
                assert answer["errors"] == []

        deciding = asyncio.create_task(decide_all())
        await worker.kill()
    for _ in range(2):
        async with working(ground) as worker:
            await worker.kill()
    await deciding
    async with working(ground):
        for number, work in enumerate(works):
            ends = "FAILED" if number % 2 else "SUCCEEDED"
            await ground.checker.until_status(work.execution_id, ends, LEASE + 20)
            assert (await lines_of(work.journal)).count("did act") <= 1 + (await _crashes(ground.checker, work))
            assert ("did act" in await lines_of(work.journal)) is (number % 2 == 0)
        await ground.checker.nothing_is_left()


async def _crashes(checker: Checker, work: Work) -> int:
    return int((await checker.execution(work.execution_id))["crashes"])


@pytest.mark.verify
async def test_what_waits_is_cancelled_without_any_worker(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    async with working(ground) as worker:
        work = await give(caller, folder, steps=1, held=False, asks=[{}])
        await asked(ground.checker, work)
        await worker.kill()
    assert (await cancel(caller, work))["status"] == "CANCELLED"
    assert (await ground.checker.kinds(work.execution_id))["ApprovalCancelled"] == 1
    async with working(ground) as worker:
        await ground.checker.nothing_is_left()
