"""Many at once: each is done exactly once, and never more than the limit at the same time."""

from __future__ import annotations

from datetime import datetime

from server.settings import Settings
from tests.engine.conftest import Board, probe, until

COUNT = 100


async def test_a_hundred_tasks_are_done_once_each_within_the_limit(board: Board, settings: Settings) -> None:
    names = [f"T{number}" for number in range(COUNT)]
    await board.create(*(probe(name) for name in names))
    document = """query ($id: ID!) { project(by: { id: $id }) { tasks(first: 100) { nodes {
      title status executions(first: 5) { nodes { startedAt finishedAt number } }
    } } } }"""

    async def done() -> list[dict[str, object]]:
        data = await board.client.query(document, {"id": board.project_id})
        nodes: list[dict[str, object]] = data["project"]["tasks"]["nodes"]
        return nodes if all(node["status"] == "COMPLETED" for node in nodes) else []

    tasks = await until(done)
    assert len(tasks) == COUNT
    assert all(board.journal(name) == ["start 1", "end 1"] for name in names)
    moves = []
    for task in tasks:
        (execution,) = task["executions"]["nodes"]
        assert execution["number"] == 1
        moves.append((datetime.fromisoformat(execution["startedAt"]), 1))
        moves.append((datetime.fromisoformat(execution["finishedAt"]), -1))
    running = most = 0
    for _, change in sorted(moves):
        running += change
        most = max(most, running)
    assert 1 < most <= settings.agent_concurrency
