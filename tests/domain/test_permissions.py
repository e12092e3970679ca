"""Every use case refuses an actor without the right, before it looks at anything."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast
from uuid import uuid4

import pytest

import domain.use_cases
from domain.actor import OWNER_PERMISSIONS, Actor, Permission
from domain.commands import CreateTasks, TaskDraft
from domain.errors import Denied
from domain.ports import UnitOfWork
from domain.use_cases.tasks import create_tasks

NEEDED = {
    "add_dependency": Permission.WRITE_TASKS,
    "approve": Permission.APPROVE,
    "call_tool": Permission.WRITE_TASKS,
    "cancel_execution": Permission.DISPATCH,
    "cancel_task": Permission.DISPATCH,
    "choose_model": Permission.MANAGE_MODELS,
    "correct_memory": Permission.MANAGE_MEMORY,
    "create_project": Permission.MANAGE_PROJECTS,
    "create_tasks": Permission.WRITE_TASKS,
    "delete_model": Permission.MANAGE_MODELS,
    "delete_playbook": Permission.WRITE_TASKS,
    "delete_secret": Permission.MANAGE_SECRETS,
    "delete_task": Permission.WRITE_TASKS,
    "dispatch_tasks": Permission.DISPATCH,
    "erase_memories": Permission.MANAGE_MEMORY,
    "erase_memory": Permission.MANAGE_MEMORY,
    "recall": Permission.READ,
    "reject": Permission.APPROVE,
    "remember": Permission.MANAGE_MEMORY,
    "remove_dependency": Permission.WRITE_TASKS,
    "remove_budget": Permission.MANAGE_BUDGETS,
    "remove_mcp_server": Permission.MANAGE_TOOLS,
    "remove_price": Permission.MANAGE_BUDGETS,
    "retry_task": Permission.DISPATCH,
    "run_playbook": Permission.WRITE_TASKS,
    "save_mcp_server": Permission.MANAGE_TOOLS,
    "save_playbook": Permission.WRITE_TASKS,
    "send_message": Permission.SEND_MESSAGES,
    "set_budget": Permission.MANAGE_BUDGETS,
    "set_finding_state": Permission.TRIAGE_FINDINGS,
    "set_mcp_tool_policy": Permission.MANAGE_TOOLS,
    "set_model": Permission.MANAGE_MODELS,
    "set_price": Permission.MANAGE_BUDGETS,
    "set_secret": Permission.MANAGE_SECRETS,
    "update_task": Permission.WRITE_TASKS,
}
UseCase = Callable[[UnitOfWork, Actor, Any], Awaitable[object]]
NO_WORK = cast("UnitOfWork", None)
"""A use case that touched its unit of work would fail in another way."""


def use_cases() -> Iterator[tuple[str, UseCase]]:
    """What actors can ask for: public coroutines that take a unit of work, an actor and a command."""
    for module in pkgutil.walk_packages(domain.use_cases.__path__, "domain.use_cases."):
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.iscoroutinefunction):
            asked_for = list(inspect.signature(function).parameters) == ["uow", "actor", "command"]
            if asked_for and function.__module__ == loaded.__name__ and not name.startswith("_"):
                yield name, function


FOUND = dict(use_cases())


def actor(permissions: frozenset[Permission]) -> Actor:
    return Actor(id="user:eve", name="Eve", workspace_id=uuid4(), permissions=permissions)


def test_every_use_case_is_looked_at() -> None:
    assert set(FOUND) == set(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("has", ["nothing", "everything else"])
async def test_an_actor_without_the_right_is_refused(name: str, has: str) -> None:
    rights = frozenset() if has == "nothing" else OWNER_PERMISSIONS - {NEEDED[name]}
    with pytest.raises(Denied) as refused:
        await FOUND[name](NO_WORK, actor(rights), object())
    assert refused.value.permission == NEEDED[name].value
    assert NEEDED[name].value in refused.value.message


async def test_creating_and_dispatching_at_once_needs_both_rights() -> None:
    draft = TaskDraft(title="Audit", agent="inspector")
    command = CreateTasks(project_id=uuid4(), tasks=(draft,), dispatch=True)
    with pytest.raises(Denied) as refused:
        await create_tasks(NO_WORK, actor(OWNER_PERMISSIONS - {Permission.DISPATCH}), command)
    assert refused.value.permission == Permission.DISPATCH.value
