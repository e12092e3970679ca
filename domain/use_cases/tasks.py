"""Creating, changing and deleting tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.actor import Actor, Permission
from domain.commands import CreateTasks, DeleteTask, DependencyDraft, TaskDraft, UpdateTask
from domain.errors import Invalid, below
from domain.events import DependencyAdded, Subject, TaskCreated, TaskDeleted, TaskUpdated
from domain.ports import UnitOfWork
from domain.project import Project
from domain.states import ACTIVE_TASK
from domain.task import Dependency, RetryPolicy, Task
from domain.text import check_document, check_text
from domain.use_cases.acceptance import check_acceptance
from domain.use_cases.budgets import refuse_used_up
from domain.use_cases.found import at_version, locked_tasks, project_of
from domain.use_cases.graph import refuse_cycles
from domain.use_cases.release import dispatch, reconsider
from domain.use_cases.task_tree import parents_first, with_parents

MOST_TASKS = 500
LONGEST_TIMEOUT = timedelta(days=7)


async def create_tasks(uow: UnitOfWork, actor: Actor, command: CreateTasks) -> tuple[Task, ...]:
    """Create tasks and the edges between them, all or none; dispatch them when asked to.

    Raises:
        Denied: without ``tasks:write``, or ``tasks:dispatch`` when they are to be dispatched.
        NotFound: the project, or an existing task that an edge names.
        Invalid: a field that does not fit, an unknown agent or client key; ``path`` names it.
        DependencyCycle: the edges would close a cycle.
        BudgetExceeded: they are to be dispatched, and nothing is left of a budget above them.
    """
    actor.require(Permission.WRITE_TASKS)
    if command.dispatch:
        actor.require(Permission.DISPATCH)
    if not 1 <= len(command.tasks) <= MOST_TASKS:
        raise Invalid(f"Give 1 to {MOST_TASKS} tasks.", path=("input", "tasks"))
    project = await project_of(uow, actor, command.project_id)
    await uow.dependencies.lock_graph(actor.workspace_id)
    first_number = await uow.projects.take_numbers(project.id, len(command.tasks))
    tasks = [_build(uow, project, draft, index, first_number + index) for index, draft in enumerate(command.tasks)]
    by_client_key = _client_keys(command.tasks, tasks)
    tasks = await with_parents(uow, project, command.tasks, tasks, by_client_key)
    edges: list[Dependency] = []
    for index, (task, draft) in enumerate(zip(tasks, command.tasks, strict=True)):
        with below("input", "tasks", str(index)):
            edges.extend(_edges(uow, task, draft, by_client_key))
    existing = await locked_tasks(uow, actor, {edge.depends_on_id for edge in edges} - {task.id for task in tasks})
    await refuse_cycles(uow, edges, existing | {task.id: task for task in tasks}, path=("input", "tasks"))
    await uow.tasks.insert(parents_first(tasks))
    await uow.dependencies.insert(edges)
    for task in tasks:
        added = [
            DependencyAdded(depends_on_id=str(edge.depends_on_id), on_failure=edge.on_failure)
            for edge in edges
            if edge.task_id == task.id
        ]
        await uow.events.append(subject_of(task), [TaskCreated(key=task.key, title=task.title), *added], actor=actor.id)
    if not command.dispatch:
        return tuple(tasks)
    await refuse_used_up(uow, actor.workspace_id, tuple(task.id for task in tasks))
    dispatched = await dispatch(uow, actor.id, {task.id: task for task in tasks})
    return tuple(dispatched[task.id] for task in tasks)


async def update_task(uow: UnitOfWork, actor: Actor, command: UpdateTask) -> Task:
    """Change fields of a task that is not being executed.

    Raises:
        Denied, NotFound, VersionConflict: as their names say.
        Invalid: a value that does not fit, or the task is queued or running.
    """
    actor.require(Permission.WRITE_TASKS)
    task = (await locked_tasks(uow, actor, [command.task_id]))[command.task_id]
    at_version(task, command.expected_version)
    if task.status in ACTIVE_TASK:
        raise Invalid(f"{task.key} is {task.status}: cancel it, or wait until it has ended, to change it.")
    if not command.changes:
        return task
    changed = replace(task, **command.changes, version=task.version + 1, updated_at=uow.now)
    project = await project_of(uow, actor, task.project_id)
    changed = _checked(uow, project, changed)
    await uow.tasks.update(changed)
    event = TaskUpdated(fields=tuple(sorted(command.changes)), version=changed.version)
    await uow.events.append(subject_of(task), [event], actor=actor.id)
    return changed


async def delete_task(uow: UnitOfWork, actor: Actor, command: DeleteTask) -> Task:
    """Delete a task; what depended on it no longer does.

    Raises:
        Denied, NotFound, VersionConflict: as their names say.
        Invalid: it is being executed, or it has been and ``including_history`` was not given, or other tasks are
            parts of it.
    """
    actor.require(Permission.WRITE_TASKS)
    await uow.dependencies.lock_graph(actor.workspace_id)
    dependents = {edge.task_id for edge in await uow.dependencies.dependents_of([command.task_id])}
    await uow.tasks.lock(actor.workspace_id, {command.task_id, *dependents})
    task = (await locked_tasks(uow, actor, [command.task_id]))[command.task_id]
    at_version(task, command.expected_version)
    if task.status in ACTIVE_TASK:
        raise Invalid(f"{task.key} is {task.status}: cancel it before you delete it.")
    if task.attempts and not command.including_history:
        raise Invalid(
            f"{task.key} has {task.attempts} execution(s), which would be lost: say includingHistory to delete them.",
            path=("input", "includingHistory"),
        )
    if await uow.tasks.has_children(task.id):
        raise Invalid(f"Other tasks are parts of {task.key}: delete those first.", path=("input", "taskId"))
    await uow.ledger.forget_limits(task.id)
    await uow.tasks.delete(task.id)
    await uow.events.append(
        Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id),
        [TaskDeleted(key=task.key)],
        actor=actor.id,
    )
    await reconsider(uow, actor.id, actor.workspace_id, dependents)
    return task


def subject_of(task: Task) -> Subject:
    """The task, as the subject of an event."""
    return Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id)


def _build(uow: UnitOfWork, project: Project, draft: TaskDraft, index: int, number: int) -> Task:
    task = Task(
        id=uow.new_id(),
        workspace_id=project.workspace_id,
        project_id=project.id,
        number=number,
        key=f"{project.key}-{number}",
        title=draft.title,
        description=draft.description,
        priority=draft.priority,
        agent=draft.agent,
        inputs=draft.inputs,
        requirements=draft.requirements,
        constraints=draft.constraints,
        labels=draft.labels,
        metadata=draft.metadata,
        timeout=draft.timeout,
        retry=draft.retry,
        acceptance_checks=draft.acceptance_checks,
        created_at=uow.now,
        updated_at=uow.now,
    )
    with below("input", "tasks", str(index)):
        return _checked(uow, project, task)


def _checked(uow: UnitOfWork, project: Project, task: Task) -> Task:
    facts = uow.agents.get(task.agent)
    if facts is None:
        known = ", ".join(agent.kind for agent in uow.agents.all())
        raise Invalid(f"There is no agent {task.agent!r}. Known agents: {known}.", path=("input", "agent"))
    if facts.needs_source and project.source is None:
        raise _sourceless(project, f"The agent {task.agent!r}", "agent")
    for name, texts in (
        ("requirements", task.requirements),
        ("constraints", task.constraints),
        ("labels", task.labels),
    ):
        _check_list(name, texts)
    check_text(task.description, "description", most=50_000)
    check_document(task.metadata, "metadata")
    check_document(task.inputs, "inputs")
    check_acceptance(task.acceptance_checks)
    _check_timeout(task.timeout)
    _check_retry(task.retry)
    inputs = facts.check_inputs(task.inputs)
    if project.source is None and facts.works_on_source(inputs):
        raise _sourceless(project, f"What the agent {task.agent!r} is to do", "inputs")
    return replace(task, title=check_text(task.title, "title", most=300, required=True), inputs=inputs)


def _sourceless(project: Project, what: str, field: str) -> Invalid:
    return Invalid(f"{what} works on a source, and the project {project.key} has none.", path=("input", field))


def _check_list(name: str, texts: tuple[str, ...]) -> None:
    if len(texts) > 50:
        raise Invalid(f"{name} may have at most 50 entries.", path=("input", name))
    for text in texts:
        check_text(text, name, most=2_000, required=True)


def _check_timeout(timeout: timedelta | None) -> None:
    if timeout is not None and not timedelta(seconds=1) <= timeout <= LONGEST_TIMEOUT:
        raise Invalid("timeout must be from 1 second to 7 days.", path=("input", "timeout"))


def _check_retry(policy: RetryPolicy) -> None:
    if not 1 <= policy.max_attempts <= 20:
        raise Invalid("retryPolicy.maxAttempts must be from 1 to 20.", path=("input", "retryPolicy", "maxAttempts"))
    if not timedelta() <= policy.backoff <= timedelta(hours=1):
        raise Invalid("retryPolicy.backoff must be from 0 to 1 hour.", path=("input", "retryPolicy", "backoff"))


def _client_keys(drafts: tuple[TaskDraft, ...], tasks: list[Task]) -> dict[str, Task]:
    by_key: dict[str, Task] = {}
    for draft, task in zip(drafts, tasks, strict=True):
        if draft.client_key is None:
            continue
        if draft.client_key in by_key:
            raise Invalid(f"Two tasks have the client key {draft.client_key!r}.", path=("input", "tasks"))
        by_key[draft.client_key] = task
    return by_key


def _edges(uow: UnitOfWork, task: Task, draft: TaskDraft, by_client_key: dict[str, Task]) -> list[Dependency]:
    edges = [_edge(uow, task, wanted, by_client_key) for wanted in draft.depends_on]
    if len({edge.depends_on_id for edge in edges}) < len(edges):
        raise Invalid("A task depends on the same task twice.", path=("input", "dependsOn"))
    return edges


def _edge(uow: UnitOfWork, task: Task, wanted: DependencyDraft, by_client_key: dict[str, Task]) -> Dependency:
    return Dependency(
        id=uow.new_id(),
        workspace_id=task.workspace_id,
        task_id=task.id,
        depends_on_id=_target(wanted, by_client_key),
        on_failure=wanted.on_failure,
        created_at=uow.now,
    )


def _target(wanted: DependencyDraft, by_client_key: dict[str, Task]) -> UUID:
    if wanted.task_id is not None:
        return wanted.task_id
    target = by_client_key.get(wanted.client_key or "")
    if target is None:
        raise Invalid(f"No task of this request has the client key {wanted.client_key!r}.", path=("input", "dependsOn"))
    return target.id
