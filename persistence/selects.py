"""Selections that both sides share: which columns make up a read model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, Text, cast, func, literal, select

from persistence.tables import events, executions, projects, sources


def select_projects() -> Select[Any]:
    """Projects with their sources."""
    return select(
        projects,
        sources.c.id.label("source_id"),
        sources.c.kind.label("source_kind"),
        sources.c.location.label("source_location"),
        sources.c.revision.label("source_revision"),
    ).select_from(projects.outerjoin(sources, sources.c.project_id == projects.c.id))


def select_executions() -> Select[Any]:
    """Executions, without what they reported and which models they use: that is read when somebody asks for it."""
    apart = {"result", "result_kind", "event_head", "models"}
    return select(*(column for column in executions.c if column.name not in apart))


def select_events() -> Select[Any]:
    """Events, with the transaction id as a number."""
    others = [column for column in events.c if column.name != "xact"]
    return select(*others, cast(cast(events.c.xact, Text), BigInteger).label("xact"))


def among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether the column has one of the values, which travel as one array: the same text for any number of them."""
    return column == func.any(literal(list(values), ARRAY(column.type)))
