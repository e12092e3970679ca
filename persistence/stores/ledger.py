"""Writing the ledger: each posting with the accounts it moves, in one statement.

The statement locks the accounts in the order of their scopes and units, whoever runs it, so that two never wait for
each other; and since it answers the accounts as they are under that lock, what it says of a budget cannot be outdated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Subject
from domain.ledger import MOVES, Account, Place, Posting, PostingKind, Pot, Scope
from domain.units import Unit
from persistence.mappers.ledger import to_account
from persistence.tables import accounts, executions, ledger_entries, tasks
from persistence.used_up import used_up_of

entries = ledger_entries.c


class LedgerTable:
    """See :class:`domain.ports.LedgerStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def post(self, subject: Subject, reference: UUID, postings: Sequence[Posting]) -> list[Account]:
        """Post for an execution, and answer the accounts that were moved."""
        if not postings:
            return []
        values = {
            **_named(subject),
            "reference": reference,
            "kinds": [posting.kind.value for posting in postings],
            "units": [posting.unit.value for posting in postings],
            "amounts": [posting.amount for posting in postings],
            "at": self._now,
        }
        return [to_account(row) for row in (await self._connection.execute(POST, values)).mappings()]

    async def settle_open(self, subject: Subject) -> None:
        """Charge what an execution still has reserved."""
        await self._connection.execute(SETTLE, {**_named(subject), "at": self._now})

    async def spent(self, scope_id: UUID) -> Mapping[Unit, int]:
        """What a scope has spent."""
        found = select(accounts.c.unit, accounts.c.spent).where(accounts.c.scope_id == scope_id)
        return {Unit(row.unit): row.spent for row in await self._connection.execute(found)}

    async def limits(self, subject: Subject) -> list[Account]:
        """The accounts with a budget of what the subject names, and of all above it."""
        return [to_account(row) for row in (await self._connection.execute(LIMITS, _named(subject))).mappings()]

    async def used_up(self, workspace_id: UUID, task_ids: Collection[UUID]) -> list[Account]:
        """The accounts of these tasks and of all above them whose budget has nothing left."""
        values = {"workspace_id": workspace_id, "task_ids": list(task_ids)}
        return [to_account(row) for row in (await self._connection.execute(USED_UP, values)).mappings()]

    async def lock(self, workspace_id: UUID, place: Place, unit: Unit) -> Account:
        """Lock an account; it is made when there is none yet."""
        new = upsert(accounts).values(
            workspace_id=workspace_id, scope=place.scope.value, scope_id=place.id, unit=unit.value
        )
        same = new.on_conflict_do_update(
            index_elements=["scope_id", "unit"], set_={"reserved": accounts.c.reserved}
        ).returning(accounts)
        return to_account((await self._connection.execute(same)).mappings().one())

    async def budget(self, workspace_id: UUID, account_id: UUID) -> Account | None:
        """The account with this id, if it has a budget, or ``None``."""
        found = select(accounts).where(
            accounts.c.workspace_id == workspace_id, accounts.c.id == account_id, accounts.c.most.is_not(None)
        )
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_account(row)

    async def set_limit(self, account: Account, limit: int | None, at: datetime) -> Account:
        """Give a locked account a budget, or take it away."""
        set_at = None if limit is None else account.limit_set_at or at
        changed = (
            update(accounts)
            .where(accounts.c.id == account.id)
            .values(most=limit, most_set_at=set_at)
            .returning(accounts)
        )
        return to_account((await self._connection.execute(changed)).mappings().one())

    async def forget_limits(self, task_id: UUID) -> None:
        """Remove the budgets of a task and of its executions."""
        own = select(executions.c.id).where(executions.c.task_id == task_id)
        await self._connection.execute(
            update(accounts)
            .where((accounts.c.scope_id == task_id) | accounts.c.scope_id.in_(own), accounts.c.most.is_not(None))
            .values(most=None, most_set_at=None)
        )


def _named(subject: Subject) -> dict[str, UUID | None]:
    return {
        "workspace_id": subject.workspace_id,
        "project_id": subject.project_id,
        "task_id": subject.task_id,
        "execution_id": subject.execution_id,
    }


def _given(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Uuid())


def _scopes() -> CTE:
    """The scopes of an execution: itself, its task, every task above that, its project and its workspace."""
    above = (
        select(tasks.c.id.label("id"), tasks.c.parent_id.label("parent_id"))
        .where(tasks.c.id == _given("task_id"))
        .cte("above", recursive=True)
    )
    above = above.union_all(select(tasks.c.id, tasks.c.parent_id).where(tasks.c.id == above.c.parent_id))

    def one(scope: Scope, scope_id: ColumnElement[Any]) -> Select[Any]:
        return select(literal(scope.value, Text).label("scope"), scope_id.label("scope_id"))

    found = union_all(
        one(Scope.EXECUTION, _given("execution_id")),
        one(Scope.TASK, above.c.id),
        one(Scope.PROJECT, _given("project_id")),
        one(Scope.WORKSPACE, _given("workspace_id")),
    ).subquery()
    return select(found).where(found.c.scope_id.is_not(None)).cte("scopes")


def _moved(pot: Pot, posted: CTE) -> ColumnElement[int]:
    """How much the postings add to an account."""
    kinds = {kind.value: (target is pot) - (source is pot) for kind, (source, target) in MOVES.items()}
    sign = case({kind: sign for kind, sign in kinds.items() if sign}, value=posted.c.kind, else_=0)
    return cast(func.sum(sign * posted.c.amount), BigInteger)


def _post(scopes: CTE, postings: Select[Any]) -> Any:
    """Insert the postings (kind, unit, amount, reference) that are not there yet, and move the accounts by them."""
    given = postings.subquery()
    all_scopes = select(func.array_agg(scopes.c.scope_id)).scalar_subquery()
    columns = ["workspace_id", "execution_id", "scopes", "reference", "kind", "unit", "amount", "at"]
    rows = select(
        _given("workspace_id"),
        _given("execution_id"),
        all_scopes,
        given.c.reference,
        given.c.kind,
        given.c.unit,
        given.c.amount,
        bindparam("at", type_=ledger_entries.c.at.type),
    )
    new = upsert(ledger_entries).from_select(columns, rows, include_defaults=False)
    posted = (
        new.on_conflict_do_nothing(index_elements=["reference", "unit", "kind"])
        .returning(entries.kind, entries.unit, entries.amount)
        .cte("posted")
    )
    moved = (
        select(posted.c.unit, _moved(Pot.RESERVED, posted).label("reserved"), _moved(Pot.SPENT, posted).label("spent"))
        .group_by(posted.c.unit)
        .cte("moved")
    )
    changes = (
        select(
            _given("workspace_id"),
            scopes.c.scope,
            scopes.c.scope_id,
            moved.c.unit,
            # A row to be inserted is checked before it is seen that it is there already: what is taken away from an
            # account would be refused for being below 0. An account that there is none of yet gains only.
            func.greatest(moved.c.reserved, 0),
            func.greatest(moved.c.spent, 0),
        )
        .select_from(scopes.join(moved, true()))
        .order_by(scopes.c.scope_id, moved.c.unit)
    )
    account = upsert(accounts).from_select(
        ["workspace_id", "scope", "scope_id", "unit", "reserved", "spent"], changes, include_defaults=False
    )
    return account.on_conflict_do_update(
        index_elements=["scope_id", "unit"],
        set_={
            name: accounts.c[name]
            + select(moved.c[name]).where(moved.c.unit == literal_column("excluded.unit")).scalar_subquery()
            for name in ("reserved", "spent")
        },
    ).returning(accounts)


def _as_given() -> Select[Any]:
    """The postings that are given with the statement."""
    given = (
        func.unnest(
            bindparam("kinds", type_=ARRAY(Text)),
            bindparam("units", type_=ARRAY(Text)),
            bindparam("amounts", type_=ARRAY(BigInteger)),
        )
        .table_valued("kind", "unit", "amount", name="given")
        .render_derived()
    )
    return select(given.c.kind, given.c.unit, given.c.amount, _given("reference").label("reference"))


def _still_open() -> Select[Any]:
    """A charge for each reservation of the execution that was not settled; nothing is looked for when there is none."""
    own = accounts.alias("own")
    reserves = select(true()).where(own.c.scope_id == _given("execution_id"), own.c.reserved > 0).exists()
    settled = (PostingKind.CHARGE.value, PostingKind.RELEASE.value)
    sign = case({PostingKind.RESERVE.value: 1, **dict.fromkeys(settled, -1)}, value=entries.kind, else_=0)
    left = func.sum(sign * entries.amount)
    return (
        select(
            literal(PostingKind.CHARGE.value, Text).label("kind"),
            entries.unit,
            cast(left, BigInteger).label("amount"),
            entries.reference,
        )
        .where(entries.execution_id == _given("execution_id"), reserves)
        .group_by(entries.reference, entries.unit)
        .having(left > 0)
    )


def _limits() -> Select[Any]:
    scopes = _scopes()
    return (
        select(accounts)
        .join(scopes, scopes.c.scope_id == accounts.c.scope_id)
        .where(accounts.c.most.is_not(None))
        .order_by(accounts.c.scope_id, accounts.c.unit)
    )


POST = _post(_scopes(), _as_given())
SETTLE = _post(_scopes(), _still_open())
LIMITS = _limits()
USED_UP = used_up_of(bindparam("task_ids", type_=ARRAY(Uuid)), _given("workspace_id"))
