"""A worker is killed again and again while it runs a playbook: nothing is started twice, nothing is forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import lines_of, until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started
from tests.faults.work import PROJECT, TASK

DOCUMENT = """
name: killed
inputs: {folder: {}}
steps:
  - id: first
    agent: probe
    for_each: [a, b, c]
    inputs: {journal: "${{ inputs.folder }}/${{ item }}.journal", hold: "${{ inputs.folder }}/${{ item }}"}
    outputs: {done: report.outputs.size()}
  - id: second
    agent: probe
    needs: [first]
    for_each: steps.first.items.filter(i, i.outputs.done == 1).map(i, i.item)
    inputs: {journal: "${{ inputs.folder }}/${{ item }}.second", hold: "${{ inputs.folder }}/${{ item }}"}
outputs:
  items: steps.second.items.map(i, i.item)
"""
ITEMS = ("a", "b", "c")


@pytest.mark.verify
async def test_a_playbook_survives_its_workers(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    for item in ITEMS:
        await asyncio.to_thread((folder / item).mkdir)
    key = f"K{uuid4().hex[:6].upper()}"
    project = (await caller.query(PROJECT, {"input": {"name": "Killed", "key": key}}))["createProject"]["project"]["id"]
    draft = {
        "title": "Survive",
        "agent": "playbook",
        "inputs": {"document": DOCUMENT, "inputs": {"folder": str(folder)}},
    }
    made = await caller.query(TASK, {"input": {"projectId": project, "task": draft, "dispatch": True}})
    execution_id = decode_as("Execution", made["createTask"]["task"]["latestExecution"]["id"])
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        for item in ITEMS:
            await until_line(folder / f"{item}.journal", "start 1", 30, 1)
        await ground.checker.until_status(execution_id, "AWAITING_CHILDREN", 20)
        await worker.kill()
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        for item in ITEMS:  # each has been taken over
            await until_line(folder / f"{item}.journal", "start 1", LEASE + 30, 2)
            await asyncio.to_thread((folder / item / "1").touch)
        for item in ITEMS:
            await until_line(folder / f"{item}.second", "start 1", 30, 1)
        await worker.kill()
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        await ground.checker.until_status(execution_id, "SUCCEEDED", LEASE + 60)
        await ground.checker.nothing_is_left()
    rows = await ground.checker.rows("SELECT batch, position FROM children WHERE execution_id = $1", execution_id)
    assert sorted((row["batch"], row["position"]) for row in rows) == [
        (batch, place) for batch in ("first", "second") for place in range(3)
    ]
    assert [(await lines_of(folder / f"{item}.journal")).count("end 1") for item in ITEMS] == [1, 1, 1]
    assert not await ground.checker.rows("SELECT 1 FROM children WHERE execution_id = $1 AND awaited", execution_id)
