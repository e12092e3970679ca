"""Creating projects."""

from __future__ import annotations

from domain.actor import Actor, Permission
from domain.commands import CreateProject
from domain.errors import Invalid
from domain.events import ProjectCreated, Subject
from domain.ports import UnitOfWork
from domain.project import Project, Source, check_key, derive_key
from domain.text import check_text


async def create_project(uow: UnitOfWork, actor: Actor, command: CreateProject) -> Project:
    """Create a project on a source.

    Raises:
        Denied: without ``projects:manage``.
        Invalid: an empty name, a key that is malformed or taken, or a source the policy refuses.
    """
    actor.require(Permission.MANAGE_PROJECTS)
    name = check_text(command.name, "name", most=200, required=True)
    check_text(command.description, "description", most=50_000)
    command.gate.check()
    source = None
    if command.source is not None:
        draft = uow.sources.check(command.source)
        source = Source(id=uow.new_id(), kind=draft.kind, location=draft.location, revision=draft.revision)
    project = Project(
        id=uow.new_id(),
        workspace_id=actor.workspace_id,
        key=await free_key(uow, actor, command.key, name),
        name=name,
        description=command.description,
        source=source,
        gate=command.gate,
        created_at=uow.now,
        updated_at=uow.now,
    )
    await uow.projects.insert(project)
    await uow.events.append(
        Subject(workspace_id=actor.workspace_id, project_id=project.id),
        [ProjectCreated(project_id=str(project.id), name=project.name)],
        actor=actor.id,
    )
    return project


async def free_key(uow: UnitOfWork, actor: Actor, wanted: str | None, name: str) -> str:
    """The key that a project is to have: the one that is wanted, or one made of the name.

    Raises:
        Invalid: the one that is wanted is malformed or taken.
    """
    if wanted is not None:
        check_key(wanted)
    # What is free stays so until the project is there: of two who ask at once the second looks when the first is done.
    await uow.projects.lock_keys(actor.workspace_id)
    if wanted is not None:
        if await uow.projects.with_key(actor.workspace_id, wanted):
            raise Invalid(
                f"Another project has the key {wanted} already: choose a different one.", path=("input", "key")
            )
        return wanted
    stem = derive_key(name)
    candidate, number = stem, 1
    while await uow.projects.with_key(actor.workspace_id, candidate):
        number += 1
        candidate = f"{stem[: 10 - len(str(number))]}{number}"
    return candidate
