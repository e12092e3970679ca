"""Calling a tool directly: a task of the agent that makes one call, created and dispatched at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid5

from domain.actor import Actor, Permission
from domain.commands import CallTool, CreateTasks, TaskDraft
from domain.errors import Invalid
from domain.events import ProjectCreated, Subject
from domain.ports import UnitOfWork
from domain.project import Project
from domain.task import Task
from domain.text import check_document, check_text
from domain.use_cases.found import project_of
from domain.use_cases.projects import free_key
from domain.use_cases.tasks import create_tasks

KIND = "toolcall"
"""The agent that makes calls."""
OWN_PROJECT = "Tools"
"""Name of the project for calls that belong to no other."""


async def call_tool(uow: UnitOfWork, actor: Actor, command: CallTool) -> Task:
    """Create and dispatch a task that makes the call.

    Raises:
        Denied: without ``tasks:write`` and ``tasks:dispatch``.
        NotFound: the project.
        Invalid: there is no such tool, or its arguments are not those it takes (one for each that is wrong), or it
            works on a source and none is given.
        BudgetExceeded: nothing is left of a budget above the call.
    """
    actor.require(Permission.WRITE_TASKS)
    actor.require(Permission.DISPATCH)
    facts = uow.agents.get(KIND)
    if facts is None:
        raise Invalid(f"The agent {KIND!r} that calls tools is not installed here.", path=("input", "tool"))
    tool = check_text(command.tool, "tool", most=200, required=True)
    check_document(command.arguments, "arguments")
    with _as_of_a_call():
        inputs = facts.check_inputs({"tool": tool, "arguments": command.arguments})
    project = None if command.project_id is None else await project_of(uow, actor, command.project_id)
    if facts.works_on_source(inputs) and (project is None or project.source is None):
        raise Invalid(f"{tool} works on a source: name a project that has one.", path=("input", "projectId"))
    project_id = await _own_project(uow, actor) if project is None else project.id
    draft = TaskDraft(title=f"Call {tool}", agent=KIND, inputs=inputs)
    (task,) = await create_tasks(uow, actor, CreateTasks(project_id=project_id, tasks=(draft,), dispatch=True))
    return task


@contextmanager
def _as_of_a_call() -> Iterator[None]:
    """Say of what is wrong with the inputs where it stands in the input of the call."""
    try:
        yield
    except Invalid as invalid:
        for one in (invalid, *invalid.more):
            one.path = ("input", *one.path[2:])
            one.reason = one.reason.removeprefix("inputs.")
        raise


async def _own_project(uow: UnitOfWork, actor: Actor) -> UUID:
    """The project without a source that calls belong to when no other is named; made for the first of them."""
    project_id = uuid5(actor.workspace_id, "tool calls")
    if await uow.projects.get(actor.workspace_id, project_id) is not None:
        return project_id
    key = await free_key(uow, actor, None, OWN_PROJECT)  # which lets one transaction at a time go on from here
    if await uow.projects.get(actor.workspace_id, project_id) is not None:
        return project_id
    project = Project(
        id=project_id,
        workspace_id=actor.workspace_id,
        key=key,
        name=OWN_PROJECT,
        description="Calls of tools that belong to no other project.",
        created_at=uow.now,
        updated_at=uow.now,
    )
    await uow.projects.insert(project)
    await uow.events.append(
        Subject(workspace_id=actor.workspace_id, project_id=project.id),
        [ProjectCreated(project_id=str(project.id), name=project.name)],
        actor=actor.id,
    )
    return project_id
