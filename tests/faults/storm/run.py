"""Running a storm: the plan is carried out, the checker looks all the while, and in the end everything has an end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLErrors, ServerUnreachable
from tests.faults.checker import Checker, Violation
from tests.faults.platform_processes import LEASE, until
from tests.faults.storm.decider import Decider
from tests.faults.storm.fleet import Fleet, complaints, fleet_on
from tests.faults.storm.follower import Follower
from tests.faults.storm.journals import Journals
from tests.faults.storm.plan import Cancel, Give, Plan, Strike
from tests.faults.storm.strikes import STRIKES, Field

SETTINGS = {"WRENCHAI_AGENT_CONCURRENCY": "10"}
CHECK_EVERY = 5.0
LONGEST_END = 180.0
"""Seconds that the work may take after the last fault."""
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

PROJECT = (
    "mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } errors { message } } }"
)
TASKS = """mutation ($input: CreateTasksInput!) { createTasks(input: $input) {
  tasks { id title } errors { code message } } }"""
CANCEL = "mutation ($id: ID!) { cancelTask(input: {taskId: $id}) { errors { code } } }"

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What came of a storm. ``violations`` is empty when it was survived."""

    violations: list[Violation] = field(default_factory=list)
    strikes: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    checks: int = 0
    counts: dict[str, object] = field(default_factory=dict)


class Storm:
    """One storm on a migrated database with nothing running on it."""

    def __init__(self, plan: Plan, data_dir: Path, checker: Checker, say: Say = lambda _: None) -> None:
        self._plan = plan
        self._data_dir = data_dir
        self._checker = checker
        self._say = say
        self._began = time.monotonic()
        self._project = ""
        self._tasks: dict[str, dict[str, str]] = {}
        self._given: dict[str, asyncio.Event] = {name: asyncio.Event() for name in plan.graphs}
        self._journals = Journals(data_dir.parent / "journals")
        self.outcome = Outcome()

    async def run(self, settings: Mapping[str, str] | None = None) -> Outcome:
        """Carry the plan out.

        Raises:
            AssertionError: something did not come to its end in time, or a process fell over.
        """
        given = {**SETTINGS, **(settings or {})}
        async with fleet_on(self._data_dir, given, redis=self._plan.redis) as fleet:
            self._began = time.monotonic()
            await self._create_project(fleet)
            ground, follower = Field(self._data_dir, self._checker, fleet), Follower(fleet.apis)
            decider = Decider(partial(self._ask, fleet))
            async with asyncio.TaskGroup() as group:
                following = group.create_task(follower.follow())
                checking = group.create_task(self._keep_checking())
                deciding = group.create_task(decider.decide())
                await self._carry_out(ground)
                self._log("the plan is done; waiting for the work to end")
                await self._until_all_has_ended(fleet)
                checking.cancel()
                deciding.cancel()
                await self._checker.until_settled(LEASE * 5)
                await self._checker.nothing_is_in_hand(LEASE * 5)
                await follower.check(self._checker, 30)
                following.cancel()
            self._note(await self._checker.violations(settled=True))
            self._note(await self._journals.violations(self._checker))
            self._note([Violation("fall", {"said": said}) for said in fleet.falls])
            self._note([Violation("refusal", {"said": said}) for said in follower.refusals])
            await self._count(fleet, follower)
            self.outcome.counts |= {f"decisions to {verdict}": times for verdict, times in decider.verdicts.items()}
            self.outcome.counts |= {f"decisions refused as {code}": times for code, times in decider.refusals.items()}
            if self.outcome.violations:
                self._say(complaints(self._data_dir.parent))
        return self.outcome

    async def _create_project(self, fleet: Fleet) -> None:
        async with fleet.apis[0].client() as caller:
            made = await caller.query(PROJECT, {"input": {"name": f"Storm {self._plan.seed}"}})
        self._project = made["createProject"]["project"]["id"]

    async def _carry_out(self, ground: Field) -> None:
        async with asyncio.TaskGroup() as group:
            for action in self._plan.actions:
                await asyncio.sleep(max(0.0, action.at - (time.monotonic() - self._began)))
                match action:
                    case Strike():
                        group.create_task(self._strike(ground, action))
                    case Give():
                        group.create_task(self._give(ground.fleet, action))
                    case Cancel():
                        group.create_task(self._cancel(ground.fleet, action.graph, str(action.task)))

    async def _strike(self, ground: Field, strike: Strike) -> None:
        self._log(f"{strike.fault} ({strike.victim}, {strike.seconds:.2f})")
        try:
            await STRIKES[strike.fault](ground, strike)
            self.outcome.strikes[strike.fault] += 1
        except AWAY:  # the database is away already
            self.outcome.missed += 1

    async def _give(self, fleet: Fleet, graph: Give) -> None:
        """Create the graph; asked again with the same key until there is an answer, it is created once."""
        self._log(f"{graph.name}: {graph.shape} of {len(graph.tasks)}")
        tasks = [
            {**draft, "inputs": {**draft["inputs"], "journal": self._journals.path(graph.name, draft["clientKey"])}}
            for draft in graph.tasks
        ]
        key = f"{self._plan.seed} {graph.name}"
        given = {"projectId": self._project, "tasks": tasks, "dispatch": True, "idempotencyKey": key}
        answer = (await self._ask(fleet, TASKS, {"input": given}))["createTasks"]
        assert answer["errors"] == [], answer
        self._tasks[graph.name] = {str(number): task["id"] for number, task in enumerate(answer["tasks"])}
        for number, node_id in self._tasks[graph.name].items():
            self._journals.belongs(graph.name, number, decode_as("Task", node_id))
        self._given[graph.name].set()

    async def _cancel(self, fleet: Fleet, graph: str, task: str) -> None:
        await self._given[graph].wait()
        self._log(f"cancel task {task} of {graph}")
        answer = (await self._ask(fleet, CANCEL, {"id": self._tasks[graph][task]}))["cancelTask"]
        assert [error["code"] for error in answer["errors"]] in ([], ["NOT_CANCELLABLE"]), answer

    async def _ask(self, fleet: Fleet, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of whichever API gives one."""
        turn = 0
        while True:
            with suppress(ServerUnreachable):
                async with fleet.apis[turn % len(fleet.apis)].client() as caller:
                    try:
                        return await caller.query(document, variables)
                    except GraphQLErrors as errors:
                        if not errors.retryable:
                            raise
            turn += 1
            await asyncio.sleep(0.2)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            with suppress(*AWAY):
                self._note(await self._checker.violations(settled=False))
                self.outcome.checks += 1

    def _note(self, found: list[Violation]) -> None:
        for one in found:
            if one not in self.outcome.violations:
                self._log(f"VIOLATION {one}")
                self.outcome.violations.append(one)

    async def _until_all_has_ended(self, fleet: Fleet) -> None:
        """Wait until nothing is on its way, then cancel what waits for a failed task, which would wait for ever."""
        deadline = time.monotonic() + LONGEST_END
        await self._until_none(
            "status IN ('QUEUED', 'IN_PROGRESS', 'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE')",
            deadline,
        )
        for row in await self._checker.rows("SELECT count(*) FROM tasks WHERE status = 'BLOCKED'"):
            self._log(f"{row['count']} tasks wait for one that did not complete; they are cancelled")
        names = {
            decode_as("Task", node_id): (graph, task)
            for graph in self._tasks
            for task, node_id in self._tasks[graph].items()
        }
        for row in await self._checker.rows("SELECT id FROM tasks WHERE status = 'BLOCKED'"):
            await self._cancel(fleet, *names[row["id"]])
        await self._until_none(
            "status IN ('QUEUED', 'IN_PROGRESS', 'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE',"
            " 'BLOCKED', 'PENDING')",
            deadline,
        )

    async def _until_none(self, condition: str, deadline: float) -> None:
        left: list[asyncpg.Record] = []

        async def none() -> bool:
            with suppress(*AWAY):
                left[:] = await self._checker.rows(f"SELECT id, key, status, updated_at FROM tasks WHERE {condition}")
                return not left
            return False

        try:
            await until(none, deadline - time.monotonic(), f"no task with {condition}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {[dict(row) for row in left]}") from error

    async def _count(self, fleet: Fleet, follower: Follower) -> None:
        counts = self.outcome.counts
        planned = sum(len(graph.tasks) for graph in self._plan.graphs.values())
        counts["graphs"] = len(self._plan.graphs)
        for name, statement in COUNTS.items():
            rows = await self._checker.rows(statement)
            counts |= {name.format(*row.values()): row["count"] for row in rows}
        counts["events seen by the follower, each once"] = len(follower.positions)
        counts["times the follower was cut"] = follower.cuts
        counts |= {f"processes ended with {code}": times for code, times in sorted(fleet.ends.items())}
        if counts["tasks"] != planned:
            self._note([Violation("tasks", {"planned": planned, "found": counts["tasks"]})])

    def _log(self, line: str) -> None:
        self._say(f"{time.monotonic() - self._began:7.1f}  {line}")


COUNTS = {
    "tasks": "SELECT count(*) AS count FROM tasks",
    "tasks {1}": "SELECT count(*) AS count, status FROM tasks GROUP BY status ORDER BY status",
    "executions": "SELECT count(*) AS count FROM executions",
    "executions {1}": "SELECT count(*) AS count, status FROM executions GROUP BY status ORDER BY status",
    "executions that failed as {1}": "SELECT count(*) AS count, error_code FROM executions WHERE status = 'FAILED'"
    " GROUP BY error_code ORDER BY error_code",
    "recovered: {1}": "SELECT count(*) AS count, payload->>'reason' AS reason FROM events"
    " WHERE kind = 'ExecutionRequeued' GROUP BY reason ORDER BY reason",
    "approvals {1}": "SELECT count(*) AS count, status FROM approvals GROUP BY status ORDER BY status",
    "steps": "SELECT count(*) AS count FROM steps",
    "events": "SELECT count(*) AS count FROM events",
}
