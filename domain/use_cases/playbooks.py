"""Saving playbooks, and running them: a run is a task of the agent ``playbook``, which carries the document along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from domain.actor import Actor, Permission
from domain.commands import CreateTasks, TaskDraft
from domain.errors import Invalid, NotFound
from domain.playbooks.checks import RUNS_PLAYBOOKS, read_playbook
from domain.playbooks.document import Playbook
from domain.playbooks.saved import MOST_SAVED, PlaybookVersion, SavedPlaybook
from domain.playbooks.shipped import shipped_playbooks
from domain.ports import UnitOfWork
from domain.project import Project
from domain.task import Priority, Task
from domain.use_cases.found import at_version, project_of
from domain.use_cases.tasks import create_tasks

NAMED = "with the name"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePlaybook:
    """A document to save under the name that it says. ``expected_version`` is what one has read; 0: there is none."""

    document: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePlaybook:
    """A playbook to delete; tasks that have run it stay as they are."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlaybook:
    """A playbook to run on a project."""

    project_id: UUID
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    title: str | None = None
    priority: Priority = Priority.NORMAL


async def save_playbook(uow: UnitOfWork, actor: Actor, command: SavePlaybook) -> SavedPlaybook:
    """Save a playbook; another document under the same name is its next version, the same one changes nothing.

    Raises:
        Denied, VersionConflict: as their names say.
        PlaybookInvalid: the document is no playbook that could be run here; carries every problem with its place.
        Invalid: the name is that of a shipped playbook, or there are too many.
    """
    actor.require(Permission.WRITE_TASKS)
    playbook = read_playbook(command.document, uow.agents)
    if playbook.name in shipped_playbooks():
        raise Invalid(
            f"{playbook.name!r} is a playbook that comes with WrenchAI: save yours under another name.",
            path=("input", "document"),
        )
    await uow.playbooks.lock_names(actor.workspace_id)
    known = await uow.playbooks.get(actor.workspace_id, playbook.name)
    if known is not None and command.expected_version is not None:
        at_version(known, command.expected_version)
    if known is not None and known.document == command.document:
        return known
    if known is None:
        saved = await _new(uow, actor, playbook, command)
    else:
        saved = replace(
            known,
            title=playbook.title,
            description=playbook.description,
            document=command.document,
            version=known.version + 1,
            saved_by=actor.id,
            updated_at=uow.now,
        )
    version = PlaybookVersion(
        id=uow.new_id(),
        playbook_id=saved.id,
        version=saved.version,
        document=saved.document,
        saved_by=actor.id,
        saved_at=uow.now,
    )
    await uow.playbooks.put(saved, version)
    return saved


async def delete_playbook(uow: UnitOfWork, actor: Actor, command: DeletePlaybook) -> SavedPlaybook:
    """Delete a playbook with its versions, and answer it as it was.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: it comes with WrenchAI.
    """
    actor.require(Permission.WRITE_TASKS)
    if command.name in shipped_playbooks():
        raise Invalid(f"{command.name!r} comes with WrenchAI and cannot be deleted.", path=("input", "name"))
    await uow.playbooks.lock_names(actor.workspace_id)
    playbook = await uow.playbooks.get(actor.workspace_id, command.name)
    if playbook is None:
        raise NotFound("playbook", command.name, named=NAMED, path=("input", "name"))
    await uow.playbooks.delete(playbook.id)
    return playbook


async def run_playbook(uow: UnitOfWork, actor: Actor, command: RunPlaybook) -> Task:
    """Create and dispatch a task that runs a playbook, as it is now.

    Raises:
        Denied, NotFound, BudgetExceeded: as their names say.
        PlaybookInvalid: it cannot be run here (any more), for example because an agent was removed.
        Invalid: an input does not fit, or the project has no source and a step works on one.
    """
    actor.require(Permission.WRITE_TASKS)
    actor.require(Permission.DISPATCH)
    project = await project_of(uow, actor, command.project_id)
    saved = shipped_playbooks().get(command.name) or await uow.playbooks.get(actor.workspace_id, command.name)
    if saved is None:
        raise NotFound("playbook", command.name, named=NAMED, path=("input", "name"))
    playbook = read_playbook(saved.document, uow.agents)
    playbook.given(command.inputs)
    _require_source(uow, playbook, project)
    draft = TaskDraft(
        title=command.title or playbook.title,
        agent=RUNS_PLAYBOOKS,
        description=playbook.description,
        priority=command.priority,
        inputs={
            "playbook": saved.name,
            "version": None if saved.shipped else saved.version,
            "document": saved.document,
            "inputs": dict(command.inputs),
        },
    )
    (task,) = await create_tasks(uow, actor, CreateTasks(project_id=command.project_id, tasks=(draft,), dispatch=True))
    return task


async def _new(uow: UnitOfWork, actor: Actor, playbook: Playbook, command: SavePlaybook) -> SavedPlaybook:
    if command.expected_version:
        raise NotFound("playbook", playbook.name, named=NAMED, path=("input", "document"))
    if await uow.playbooks.count(actor.workspace_id) >= MOST_SAVED:
        raise Invalid(f"A workspace may have at most {MOST_SAVED:,} playbooks: delete some.")
    return SavedPlaybook(
        id=uow.new_id(),
        workspace_id=actor.workspace_id,
        name=playbook.name,
        title=playbook.title,
        description=playbook.description,
        document=command.document,
        saved_by=actor.id,
        created_at=uow.now,
        updated_at=uow.now,
    )


def _require_source(uow: UnitOfWork, playbook: Playbook, project: Project) -> None:
    if project.source is not None:
        return
    for step in playbook.steps:
        facts = uow.agents.get(step.agent) if step.agent is not None else None
        if facts is not None and facts.needs_source:
            raise Invalid(
                f"The step {step.id!r} works on a source, and the project {project.key} has none.",
                path=("input", "projectId"),
            )
