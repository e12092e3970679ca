"""The work that faults hit: tasks of the probe, given through the API, with a journal and a gate for each step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import lines_of, until_line

PROJECT = (
    "mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } errors { message } } }"
)
TASK = """mutation ($input: CreateTaskInput!) { createTask(input: $input) {
  task { id latestExecution { id } } errors { message code } } }"""
CANCEL = """mutation ($id: ID!) { cancelExecution(input: {executionId: $id}) {
  execution { status cancelRequestedAt } errors { message code } } }"""


@dataclass(frozen=True)
class Work:
    """A dispatched task. ``node_id`` is its execution's id in the API, ``execution_id`` the one in the database."""

    node_id: str
    execution_id: UUID
    journal: Path
    hold: Path

    def let(self, *steps: int) -> None:
        """Let these steps end."""
        for step in steps:
            (self.hold / str(step)).touch()

    async def begun(self, step: int, *, times: int = 1, within: float = 20) -> None:
        """Wait until the step has been started so many times."""
        await until_line(self.journal, f"start {step}", within, times)

    async def starts(self, steps: int) -> list[int]:
        """How often each of the first so many steps was started."""
        lines = await lines_of(self.journal)
        return [lines.count(f"start {step}") for step in range(1, steps + 1)]

    async def ends(self, steps: int) -> list[int]:
        """How often each of the first so many steps came to its end."""
        lines = await lines_of(self.journal)
        return [lines.count(f"end {step}") for step in range(1, steps + 1)]


async def give(client: GraphQLClient, folder: Path, *, steps: int, held: bool = True, **inputs: Any) -> Work:
    """Dispatch a task of so many steps to the probe. ``held``: each step waits until it is let."""
    name = uuid4().hex[:10]
    journal, hold = folder / f"journal-{name}", folder / f"hold-{name}"
    await asyncio.to_thread(hold.mkdir)
    gates = {"hold": str(hold)} if held else {}
    project = await client.query(PROJECT, {"input": {"name": f"Faults {name}", "key": f"F{name[:7].upper()}"}})
    draft = {
        "title": "Be hit by a fault",
        "agent": "probe",
        "inputs": {"steps": steps, "journal": str(journal), **gates, **inputs},
    }
    project_id = project["createProject"]["project"]["id"]
    made = await client.query(TASK, {"input": {"projectId": project_id, "task": draft, "dispatch": True}})
    assert made["createTask"]["errors"] == [], made
    node_id = made["createTask"]["task"]["latestExecution"]["id"]
    return Work(node_id, decode_as("Execution", node_id), journal, hold)


async def cancel(client: GraphQLClient, work: Work) -> dict[str, Any]:
    """Ask for the execution to be cancelled."""
    answer = await client.query(CANCEL, {"id": work.node_id})
    assert answer["cancelExecution"]["errors"] == [], answer
    execution: dict[str, Any] = answer["cancelExecution"]["execution"]
    return execution
