"""A project of its own for each test, with tasks for the probe agent that the test holds and lets go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.client.graphql_client import GraphQLClient

Draft = dict[str, Any]

ENDED = ("COMPLETED", "FAILED", "CANCELLED", "SKIPPED")
SOON = 90.0
"""Seconds a condition may take on a busy machine before a test fails."""

TASK = """
fragment Shown on Task {
  id key status statusReason version attempts scheduledFor
  blockedBy {
    __typename
    ... on WaitsForDependency { task { title } onFailure }
    ... on WaitsForSlot { agentKind limit running }
    ... on WaitsForWorker { agentKind }
    ... on WaitsForTime { until }
  }
  executions(first: 20) {
    nodes {
      id number status crashes error { code message } cancelRequestedAt processGoneAt createdAt startedAt finishedAt
      result { __typename ... on CustomReport { data } }
      steps(first: 20) { nodes { name status error } }
    }
  }
}
"""
ERRORS = """
errors {
  __typename code message path
  ... on DependencyCycle { cycle { key title } }
  ... on NotCancellable { subject { ... on Task { id } ... on Execution { id } } }
  ... on NotDispatchable { task { id } blockedBy { __typename } }
}
"""


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until the condition answers something true, and answer that."""
    async with asyncio.timeout(SOON):
        while not (answer := await condition()):
            await asyncio.sleep(0.03)
        return answer


def probe(name: str, *after: str | tuple[str, str], **draft: Any) -> Draft:
    """A task for the probe; ``after`` names what it depends on, each alone or with what happens on its failure."""
    edges = [(one, "BLOCK") if isinstance(one, str) else one for one in after]
    depends_on = [{"on": {"clientKey": on}, "onFailure": rule} for on, rule in edges]
    return {"title": name, "clientKey": name, "agent": "probe", "dependsOn": depends_on, **draft}


@dataclass
class Board:
    """One project: its tasks by title. ``folder`` holds the journals of the tasks, and the gates of those held."""

    client: GraphQLClient
    folder: Path
    project_id: str
    ids: dict[str, str] = field(default_factory=dict)

    def inputs(self, name: str, **inputs: Any) -> Draft:
        """Inputs that write the task's journal."""
        return {"journal": str(self.folder / f"{name}.journal"), **inputs}

    def held(self, name: str, **inputs: Any) -> Draft:
        """Inputs that make the task wait in its first step until :meth:`let_go`."""
        gate = self.folder / f"{name}.gate"
        gate.mkdir(exist_ok=True)
        return self.inputs(name, hold=str(gate), **inputs)

    def let_go(self, *names: str) -> None:
        """Let held tasks go on, now or when they come to their gate."""
        for name in names:
            (self.folder / f"{name}.gate" / "1").touch()

    def journal(self, name: str) -> list[str]:
        """What the task has written."""
        journal = self.folder / f"{name}.journal"
        return journal.read_text().splitlines() if journal.exists() else []

    async def works(self, *names: str) -> None:
        """Wait until all of these are in their first step at the same time."""

        async def all_work() -> bool:
            return all(self.journal(name)[-1:] == ["start 1"] for name in names)

        await until(all_work)

    async def ask(self, mutation: str, answer: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation."""
        name = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {answer} {ERRORS} }} }}"
        if "...Shown" in answer:
            document += TASK
        data = await self.client.query(document, {"input": given})
        payload: dict[str, Any] = data[mutation]
        return payload

    async def do(self, mutation: str, answer: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation that must not be refused."""
        payload = await self.ask(mutation, answer, **given)
        assert payload["errors"] == []
        return payload

    async def refused(self, mutation: str, **given: Any) -> dict[str, Any]:
        """The only error of a mutation that must be refused."""
        (error,) = (await self.ask(mutation, "__typename", **given))["errors"]
        return dict(error)

    async def create(self, *drafts: Draft, dispatch: bool = True) -> None:
        """Create tasks by one mutation. One without inputs just runs and writes its journal."""
        tasks = [{"inputs": self.inputs(draft["title"]), **draft} for draft in drafts]
        payload = await self.do(
            "createTasks", "tasks { id title }", projectId=self.project_id, tasks=tasks, dispatch=dispatch
        )
        self.ids |= {task["title"]: task["id"] for task in payload["tasks"]}

    async def task(self, name: str) -> dict[str, Any]:
        """The task as it is now."""
        document = "query ($id: ID!) { task(by: { id: $id }) { ...Shown } }" + TASK
        return dict((await self.client.query(document, {"id": self.ids[name]}))["task"])

    async def statuses(self, *names: str) -> list[str]:
        """Where the tasks are."""
        return [(await self.task(name))["status"] for name in names]

    async def becomes(self, name: str, *statuses: str) -> dict[str, Any]:
        """Wait until the task is in one of the states."""
        seen: list[str] = []

        async def there() -> dict[str, Any] | None:
            task = await self.task(name)
            seen.append(task["status"])
            return task if task["status"] in statuses else None

        try:
            return dict(await until(there))
        except TimeoutError:
            raise AssertionError(f"{name} is {seen[-1:]}, and never became one of {statuses}") from None

    async def events(self, execution_id: str) -> list[dict[str, Any]]:
        """The events of an execution."""
        document = """query ($id: ID!) {
          execution(id: $id) { events(first: 100) { nodes {
            __typename sequence at ... on ExecutionFinished { outcome errorCode } ... on StepFailed { step message }
            ... on LogWritten { lines } ... on ApprovalVoided { name digest newDigest }
          } } }
        }"""
        data = await self.client.query(document, {"id": execution_id})
        return list(data["execution"]["events"]["nodes"])

    async def end(self) -> None:
        """Cancel what waits or runs, and wait until nothing of the project does."""
        document = """query ($id: ID!, $after: Cursor) {
          project(by: { id: $id }) { tasks(first: 100, after: $after) {
            nodes { id status }
            pageInfo { hasNextPage endCursor }
          } }
        }"""
        asked: set[str] = set()

        async def over() -> bool:
            busy: list[str] = []
            after, further = None, True
            while further:
                data = await self.client.query(document, {"id": self.project_id, "after": after})
                tasks = data["project"]["tasks"]
                busy += [task["id"] for task in tasks["nodes"] if task["status"] not in (*ENDED, "PENDING")]
                after, further = tasks["pageInfo"]["endCursor"], tasks["pageInfo"]["hasNextPage"]
            for task_id in busy:
                if task_id not in asked:
                    await self.ask("cancelTask", "__typename", taskId=task_id)
            asked.update(busy)
            return not busy

        await until(over)


@pytest.fixture
async def board(client: GraphQLClient, tmp_path: Path) -> AsyncIterator[Board]:
    """A project without a source."""
    payload = await Board(client, tmp_path, "").do("createProject", "project { id }", name="Board")
    board = Board(client, tmp_path, payload["project"]["id"])
    yield board
    await board.end()


def programs() -> list[psutil.Process]:
    """The programs that this process runs for agents."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and "time.sleep" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
