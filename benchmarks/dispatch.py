"""From a task's dispatch to its first event at a subscriber, against a mutation that starts nothing."""

from __future__ import annotations

import time

from benchmarks.measure import Row, Target, percentile
from benchmarks.processes import Ground
from server.client.graphql_client import GraphQLClient

CREATE = """
mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } errors { message } } }
"""
DISPATCH = "mutation ($id: ID!) { dispatchTask(input: { taskId: $id }) { execution { id } errors { message } } }"
STARTED = "subscription ($id: ID!) { executionEvents(executionId: $id) { event { __typename } } }"
PROJECT = (
    "mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } errors { message } } }"
)
TARGET = Target(150, at_most=True, unit=" ms")


async def run(here: Ground) -> list[Row]:
    """Milliseconds, median and 95th percentile of some tasks, one after the other."""
    empty = here.folder / "empty"
    empty.mkdir(exist_ok=True)
    source = {"kind": "LOCAL", "location": str(empty)}
    async with GraphQLClient(here.address, here.token) as client:
        made = await client.query(PROJECT, {"input": {"name": "Dispatch", "source": source}})
        project = made["createProject"]["project"]["id"]
        idle, live = [], []
        for _ in range(here.scale.dispatches):
            began = time.perf_counter()
            draft = {"title": "Dispatched", "agent": "inspector", "inputs": {"engines": ["import-cycles"]}}
            created = await client.query(CREATE, {"input": {"projectId": project, "task": draft}})
            idle.append((time.perf_counter() - began) * 1000)
            live.append(await _first_event(client, created["createTask"]["task"]["id"]))
    return [
        Row(
            "dispatch to the worker's first event at a subscriber",
            f"p50 {percentile(live, 50):.0f} ms, p95 {percentile(live, 95):.0f} ms",
            f"a mutation that starts nothing: p50 {percentile(idle, 50):.0f} ms",
            f"{percentile(live, 50) / percentile(idle, 50):.1f}",
        ).aiming(TARGET, percentile(live, 50), "p50 ")
    ]


async def _first_event(client: GraphQLClient, task_id: str) -> float:
    began = time.perf_counter()
    execution = (await client.query(DISPATCH, {"id": task_id}))["dispatchTask"]["execution"]["id"]
    elapsed = 0.0
    async for data in client.subscribe(STARTED, {"id": execution}):
        if data["executionEvents"]["event"]["__typename"] == "ExecutionStarted":
            elapsed = (time.perf_counter() - began) * 1000
    return elapsed
