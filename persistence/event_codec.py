"""Events as they are stored: the name of their class, and their fields as JSON."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, get_args

from domain.events import Event, EventRecord, Subject
from persistence.mappers import AnyRow

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


def kind_of(event: Event) -> str:
    """The stored name of an event's kind."""
    return type(event).__name__


def payload_of(event: Event) -> dict[str, Any]:
    """The stored fields of an event."""
    return asdict(event)


def to_event(kind: str, payload: dict[str, Any]) -> Event:
    """The event. Fields that this version does not know are ignored; ones it misses take their defaults."""
    known = KINDS[kind]
    names = {one.name for one in fields(known)}
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in payload.items() if name in names
    }
    event: Event = known(**values)
    return event


def to_record(row: AnyRow) -> EventRecord:
    """A row of ``events``, with ``xact`` selected as a number."""
    return EventRecord(
        id=row["id"],
        xact=row["xact"],
        subject=Subject(
            workspace_id=row["workspace_id"],
            project_id=row["project_id"],
            task_id=row["task_id"],
            execution_id=row["execution_id"],
        ),
        sequence=row["sequence"],
        at=row["at"],
        actor=row["actor"],
        event=to_event(row["kind"], row["payload"]),
    )
