"""What is due, as selections: counted by a dry run and deleted by a real one, so both mean the same rows.

Ages are by the database's clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, exists, func, or_, select, tuple_

from domain.events import LogWritten, ModelSpoke
from domain.message import OPEN_MESSAGE
from domain.states import ENDED_EXECUTION
from persistence.tables import artifacts, events, executions, idempotency_keys, memories, messages, workers

WHOLE, WITHOUT_LOGS, WITHOUT_EVENTS = 0, 1, 2
"""Values of ``executions.pruning``."""


def older(moment: ColumnElement[Any], age: timedelta) -> ColumnElement[bool]:
    """Whether a moment is longer ago than that."""
    return moment < func.clock_timestamp() - age


def executions_with_old_logs(age: timedelta) -> Select[Any]:
    """Ended executions whose log lines are due."""
    due = (executions.c.pruning == WHOLE, older(executions.c.finished_at, age))
    return select(executions.c.id).where(*due).order_by(executions.c.finished_at)


def executions_with_old_events(age: timedelta) -> Select[Any]:
    """Ended executions whose events are all due."""
    due = (executions.c.pruning.in_([WHOLE, WITHOUT_LOGS]), older(executions.c.finished_at, age))
    return select(executions.c.id).where(*due).order_by(executions.c.finished_at)


def events_of(execution_ids: Any, *, logs_only: bool) -> Select[Any]:
    """The events of these executions, or their log lines and what models said bit by bit alone."""
    wanted = select(events.c.id).where(events.c.execution_id.in_(execution_ids))
    if logs_only:
        wanted = wanted.where(events.c.kind.in_([LogWritten.__name__, ModelSpoke.__name__]))
    return wanted.order_by(events.c.execution_id, events.c.sequence)


def events_of_no_execution(age: timedelta) -> Select[Any]:
    """Events of tasks and projects that are due."""
    due = (events.c.execution_id.is_(None), older(events.c.at, age))
    return select(events.c.id).where(*due).order_by(events.c.at)


def old_messages(age: timedelta) -> Select[Any]:
    """Messages that are done with and so old, of tasks that are not at work: an execution finds what it has sent."""
    ended = [status.value for status in ENDED_EXECUTION]
    of_either = or_(
        executions.c.task_id == messages.c.sender_task_id, executions.c.task_id == messages.c.receiver_task_id
    )
    at_work = exists().where(of_either, executions.c.status.not_in(ended))
    done = messages.c.state.not_in(sorted(one.value for one in OPEN_MESSAGE))
    to_person = messages.c.receiver_actor.is_not(None)
    return select(messages.c.id).where(older(messages.c.sent_at, age), or_(done, to_person), ~at_work)


def old_artifacts(age: timedelta) -> Select[Any]:
    """Artifacts of executions that ended so long ago."""
    of_ended = artifacts.join(executions, executions.c.id == artifacts.c.execution_id)
    return select(artifacts.c.id).select_from(of_ended).where(older(executions.c.finished_at, age))


def artifacts_beyond(total: int) -> Select[Any]:
    """Artifacts of ended executions that no longer fit, when the newest are kept first."""
    of_ended = artifacts.join(executions, executions.c.id == artifacts.c.execution_id)
    so_far = func.sum(artifacts.c.size).over(order_by=(executions.c.finished_at.desc(), artifacts.c.id))
    ended = (
        select(artifacts.c.id, so_far.label("so_far"))
        .select_from(of_ended)
        .where(executions.c.finished_at.is_not(None))
        .subquery()
    )
    return select(ended.c.id).where(ended.c.so_far > total)


def old_keys(age: timedelta) -> Select[Any]:
    """Idempotency keys that are due."""
    key = tuple_(idempotency_keys.c.workspace_id, idempotency_keys.c.actor, idempotency_keys.c.key)
    return select(*key).where(older(idempotency_keys.c.created_at, age))


def dead_workers(age: timedelta) -> Select[Any]:
    """Workers whose last beat is so long ago, or, after the clock was put back, that far in the future."""
    ahead = workers.c.beat_at > func.clock_timestamp() + age
    return select(workers.c.id).where(or_(older(workers.c.beat_at, age), ahead))


def old_memories(age: timedelta | None) -> Select[Any]:
    """Memories whose time has passed, or that nobody has touched for so long."""
    gone = memories.c.expires_at <= func.clock_timestamp()
    return select(memories.c.id).where(gone if age is None else or_(gone, older(memories.c.updated_at, age)))


def feed_position() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Where an event stands in the feeds."""
    return cast(cast(events.c.xact, Text), BigInteger).label("xact"), events.c.id
