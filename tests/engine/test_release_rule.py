"""The release rule on a real database: random graphs and random histories against a model of one page.

The model knows one rule: after every change, each task that waits (or was skipped) stands as the tasks it depends on
say, judged from the top of the graph downwards. No worker runs here; executions are taken and ended as a worker would.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.commands import (
    CancelTask,
    CreateProject,
    CreateTasks,
    DeleteTask,
    DependencyDraft,
    DispatchTasks,
    RemoveDependency,
    RetryTask,
    TaskDraft,
)
from domain.dag import Verdict, verdict
from domain.execution import ExecutionError
from domain.ports import UnitOfWork
from domain.reads import FeedFilter
from domain.states import ENDED_TASK, RETRYABLE_TASK, ExecutionStatus, TaskStatus
from domain.task import OnFailure, Task
from domain.use_cases import cancel, dependencies, dispatch, lifecycle, projects, tasks
from server.platform.wiring import Platform

Result = TypeVar("Result")
Edge = tuple[int, int]

MOST_TASKS = 6
STATUS = {Verdict.READY: TaskStatus.QUEUED, Verdict.WAIT: TaskStatus.BLOCKED, Verdict.SKIP: TaskStatus.SKIPPED}
WORKER = uuid4()


@dataclass
class Model:
    """What the statuses have to be. Tasks are numbered so that each depends on lower numbers only."""

    edges: dict[Edge, OnFailure]
    status: dict[int, TaskStatus]

    def verdict(self, task: int) -> TaskStatus:
        wanted = [(self.status[on], rule) for (of, on), rule in self.edges.items() if of == task]
        return STATUS[verdict(wanted)]

    def settle(self) -> None:
        for task in sorted(self.status):
            if self.status[task] in {TaskStatus.BLOCKED, TaskStatus.SKIPPED}:
                self.status[task] = self.verdict(task)

    def apply(self, action: str, task: int) -> bool:
        """Do the action if it is allowed, and say whether it was."""
        status = self.status.get(task)
        if action == "dispatch" and status is TaskStatus.PENDING:
            self.status[task] = self.verdict(task)
        elif action == "retry" and status in RETRYABLE_TASK:
            if self.verdict(task) is TaskStatus.SKIPPED:
                return False
            self.status[task] = self.verdict(task)
        elif action in {"complete", "fail"} and status is TaskStatus.QUEUED:
            self.status[task] = TaskStatus.COMPLETED if action == "complete" else TaskStatus.FAILED
        elif action == "cancel" and status is not None and status not in ENDED_TASK:
            self.status[task] = TaskStatus.CANCELLED
        elif action == "delete" and status is not None and status is not TaskStatus.QUEUED:
            del self.status[task]
            self.edges = {edge: rule for edge, rule in self.edges.items() if task not in edge}
        elif action == "disconnect" and (edge := self.first_edge(task)) is not None:
            del self.edges[edge]
        else:
            return False
        self.settle()
        return True

    def first_edge(self, task: int) -> Edge | None:
        return min((edge for edge in self.edges if edge[0] == task), default=None)


@dataclass
class Real:
    """The same graph in the platform."""

    platform: Platform
    actor: Actor
    ids: dict[int, UUID] = field(default_factory=dict)

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        return await self.platform.transactor.run(work)

    async def create(self, count: int, edges: dict[Edge, OnFailure]) -> None:
        name = CreateProject(name="Graph")
        project = await self.do(lambda uow: projects.create_project(uow, self.actor, name))
        drafts = tuple(
            TaskDraft(
                title=f"Task {task}",
                agent="probe",
                client_key=str(task),
                depends_on=tuple(
                    DependencyDraft(client_key=str(on), on_failure=rule)
                    for (of, on), rule in edges.items()
                    if of == task
                ),
            )
            for task in range(count)
        )
        command = CreateTasks(project_id=project.id, tasks=drafts)
        created = await self.do(lambda uow: tasks.create_tasks(uow, self.actor, command))
        self.ids = {number: task.id for number, task in enumerate(created)}

    async def apply(self, action: str, task: int, model: Model) -> None:
        task_id = self.ids[task]
        if action == "dispatch":
            await self.do(lambda uow: dispatch.dispatch_tasks(uow, self.actor, DispatchTasks(task_ids=(task_id,))))
        elif action == "retry":
            await self.do(lambda uow: dispatch.retry_task(uow, self.actor, RetryTask(task_id=task_id)))
        elif action == "cancel":
            await self.do(lambda uow: cancel.cancel_task(uow, self.actor, CancelTask(task_id=task_id)))
        elif action == "delete":
            version = (await self.tasks())[task].version
            command = DeleteTask(task_id=task_id, expected_version=version, including_history=True)
            await self.do(lambda uow: tasks.delete_task(uow, self.actor, command))
        elif action == "disconnect":
            edge = model.first_edge(task)
            assert edge is not None
            command_remove = RemoveDependency(task_id=task_id, depends_on_id=self.ids[edge[1]])
            await self.do(lambda uow: dependencies.remove_dependency(uow, self.actor, command_remove))
        else:
            await self.run(task_id, succeed=action == "complete")

    async def run(self, task_id: UUID, *, succeed: bool) -> None:
        async def take(uow: UnitOfWork) -> lifecycle.Segment:
            live = await uow.executions.live_of(task_id)
            assert live is not None
            segment = await lifecycle.start_execution(uow, live.id, live.epoch, WORKER)
            assert segment is not None
            return segment

        segment = await self.do(take)
        error = ExecutionError(code="AGENT_FAILED", message="told to fail")
        outcome = lifecycle.Outcome(status=ExecutionStatus.SUCCEEDED)
        if not succeed:
            outcome = lifecycle.Outcome(status=ExecutionStatus.FAILED, error=error)
        await self.do(lambda uow: lifecycle.finish_execution(uow, segment.lease, outcome))

    async def tasks(self) -> dict[int, Task]:
        async def read(uow: UnitOfWork) -> dict[int, Task]:
            found = await uow.tasks.lock(self.actor.workspace_id, self.ids.values())
            return {number: found[task_id] for number, task_id in self.ids.items() if task_id in found}

        return await self.do(read)

    async def live(self) -> set[int]:
        """Tasks with an execution that has not ended."""

        async def read(uow: UnitOfWork) -> set[int]:
            return {number for number, task_id in self.ids.items() if await uow.executions.live_of(task_id)}

        return await self.do(read)


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, dict[Edge, OnFailure], list[tuple[str, int]]]:
    count = draw(st.integers(2, MOST_TASKS))
    pairs = [(of, on) for of in range(count) for on in range(of)]
    edges = draw(st.dictionaries(st.sampled_from(pairs), st.sampled_from(OnFailure), max_size=8))
    names = st.sampled_from(
        ["dispatch", "dispatch", "fail", "complete", "fail", "retry", "cancel", "delete", "disconnect"]
    )
    actions = draw(st.lists(st.tuples(names, st.integers(0, count - 1)), max_size=12))
    everything = [("dispatch", task) for task in draw(st.permutations(range(count)))]
    return count, edges, everything[: draw(st.integers(0, count))] + actions


SKIP, GO_ON = OnFailure.SKIP, OnFailure.CONTINUE


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(histories())
@example(
    (
        3,
        {(1, 0): SKIP, (2, 0): SKIP, (2, 1): GO_ON},
        [("dispatch", n) for n in (2, 1, 0)] + [("fail", 0), ("delete", 0)],
    )
)
@example((3, {(1, 0): SKIP, (2, 1): GO_ON}, [("dispatch", 0), ("fail", 0), ("dispatch", 2), ("dispatch", 1)]))
@example((2, {(1, 0): SKIP}, [("dispatch", 1), ("dispatch", 0), ("cancel", 1), ("fail", 0), ("retry", 1)]))
@example(
    (
        3,
        {(1, 0): SKIP, (2, 0): GO_ON, (2, 1): GO_ON},
        [("dispatch", n) for n in (2, 1, 0)] + [("fail", 0), ("retry", 0)],
    )
)
async def test_tasks_stand_as_the_model_says(
    idle: Platform, history: tuple[int, dict[Edge, OnFailure], list[tuple[str, int]]]
) -> None:
    count, edges, actions = history
    workspace_id = uuid4()
    await idle.transactor.run(lambda uow: uow.workspaces.ensure(workspace_id, "model"))
    real = Real(idle, replace(idle.owner("tests"), workspace_id=workspace_id))
    await real.create(count, edges)
    model = Model(dict(edges), dict.fromkeys(range(count), TaskStatus.PENDING))
    for action, task in actions:
        before = Model(dict(model.edges), dict(model.status))
        if not model.apply(action, task):
            continue
        await real.apply(action, task, before)
        found = await real.tasks()
        assert {number: one.status for number, one in found.items()} == model.status, (action, task)
        assert await real.live() == {number for number, status in model.status.items() if status is TaskStatus.QUEUED}
    await check_history(real)


async def check_history(real: Real) -> None:
    """The events tell the same story: each task's changes of state form a chain that ends where it is now."""
    records = await real.platform.context(real.actor).read.feed_after(
        real.actor.workspace_id, FeedFilter(), (0, 0), 10_000
    )
    story: dict[UUID, list[Any]] = {}
    for record in records:
        if type(record.event).__name__ == "TaskStatusChanged" and record.subject.task_id is not None:
            story.setdefault(record.subject.task_id, []).append(record.event)
    for number, task in (await real.tasks()).items():
        changes = story.get(real.ids[number], [])
        states = [TaskStatus.PENDING.value, *(change.status for change in changes)]
        assert [change.previous for change in changes] == states[:-1]
        assert states[-1] == task.status.value
