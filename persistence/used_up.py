"""Which budgets have nothing left, of tasks and of all above them: reading and refusing ask the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union_all

from domain.units import Unit
from persistence.tables import accounts, tasks


def used_up_of(task_ids: ColumnElement[Any], workspace_id: ColumnElement[Any]) -> Select[Any]:
    """The accounts of tasks and of all above them whose budget has nothing left, each with the ``task_id`` it holds.

    A budget of no unpriced calls at all forbids them, and nothing else.
    """
    path = (
        select(tasks.c.id.label("task_id"), tasks.c.id.label("scope_id"), tasks.c.parent_id, tasks.c.project_id)
        .where(tasks.c.id == func.any(task_ids), tasks.c.workspace_id == workspace_id)
        .cte("path", recursive=True)
    )
    path = path.union_all(
        select(path.c.task_id, tasks.c.id, tasks.c.parent_id, tasks.c.project_id).where(tasks.c.id == path.c.parent_id)
    )
    scopes = union_all(
        select(path.c.task_id, path.c.scope_id),
        select(path.c.task_id, path.c.project_id).distinct(),
        select(path.c.task_id, workspace_id.label("scope_id")).distinct(),
    ).subquery()
    return (
        select(scopes.c.task_id, accounts)
        .join(accounts, accounts.c.scope_id == scopes.c.scope_id)
        .where(
            accounts.c.most <= accounts.c.reserved + accounts.c.spent,
            (accounts.c.unit != Unit.UNPRICED_CALLS.value) | (accounts.c.most > 0),
        )
        .order_by(scopes.c.task_id, accounts.c.scope_id, accounts.c.unit)
    )
