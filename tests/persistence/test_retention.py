"""What is due by age goes, in batches that may be interrupted, and nothing else does."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, text

from domain.events import LogWritten, StepStarted
from domain.execution import Artifact, Execution
from domain.message import Message, MessageState, MessageType
from domain.states import ExecutionStatus
from domain.use_cases.cancel import subject_of
from persistence.artifacts import DiskArtifacts
from persistence.retention.files import LooseFiles
from persistence.retention.policy import Policy, Removed
from persistence.retention.rows import BATCH, OldRows
from persistence.tables import artifacts, events, executions
from tests.persistence.conftest import Shelf

MONTH = timedelta(days=30)
KEEP_ALL = Policy(logs=None, events=None, artifacts=None, artifact_bytes=None, keys=None, segments=None)


def now() -> datetime:
    return datetime.now(UTC)


async def ended(shelf: Shelf, ago: timedelta | None, number: int = 1) -> Execution:
    """An execution that ended so long ago; with ``None`` one that runs."""
    status = ExecutionStatus.RUNNING if ago is None else ExecutionStatus.SUCCEEDED
    finished_at = None if ago is None else now() - ago
    task = await shelf.task(await shelf.project(), number)
    return await shelf.execution(task, status=status, finished_at=finished_at)


async def put(shelf: Shelf, store: DiskArtifacts, execution: Execution, content: bytes) -> str:
    kept = await store.put(content)
    artifact = Artifact(
        id=uuid4(),
        workspace_id=execution.workspace_id,
        execution_id=execution.id,
        name=kept.sha256,
        media_type="text/plain",
        size=kept.size,
        sha256=kept.sha256,
        created_at=now(),
    )
    await shelf.do(lambda uow: uow.executions.insert_artifacts([artifact]))
    return kept.sha256


async def left(shelf: Shelf, execution_id: UUID) -> int:
    async with shelf.platform.engine.connect() as connection:
        counted = select(func.count()).select_from(events).where(events.c.execution_id == execution_id)
        return int((await connection.execute(counted)).scalar_one())


async def marks(shelf: Shelf, execution_id: UUID) -> tuple[int, int]:
    async with shelf.platform.engine.connect() as connection:
        wanted = select(executions.c.pruning, executions.c.pruned_to).where(executions.c.id == execution_id)
        row = (await connection.execute(wanted)).one()
        return row.pruning, row.pruned_to


async def names(shelf: Shelf, *of: Execution) -> set[str]:
    async with shelf.platform.engine.connect() as connection:
        wanted = select(artifacts.c.name).where(artifacts.c.execution_id.in_([one.id for one in of]))
        return set((await connection.execute(wanted)).scalars())


async def test_removal_that_is_interrupted_is_taken_up_again(shelf: Shelf) -> None:
    old, young, running = [await ended(shelf, ago) for ago in (MONTH * 2, MONTH / 2, None)]
    many = BATCH * 2 + 10
    for execution in (old, young, running):
        count = many if execution is old else 10
        lines = [LogWritten(step="a", first_line=1, lines=("one",)) for _ in range(count)]
        batch = [StepStarted(step="a", attempt=1), *lines]
        await shelf.do(lambda uow, e=execution, b=batch: uow.events.append(subject_of(e), b, actor="t"))  # type: ignore[misc]
    rows = OldRows(shelf.platform.engine, replace(KEEP_ALL, logs=MONTH))
    due = Removed()
    await rows.count(due)
    assert due.log_events >= many
    removing = asyncio.create_task(rows.remove(Removed()))
    while await left(shelf, old.id) == many + 1:
        await asyncio.sleep(0.005)
    removing.cancel()
    await asyncio.gather(removing, return_exceptions=True)
    pruning, pruned_to = await marks(shelf, old.id)
    assert pruned_to == 1 + many - (await left(shelf, old.id) - 1)
    assert pruning == 0 or pruned_to == many + 1
    await rows.remove(Removed())
    assert await marks(shelf, old.id) == (1, many + 1)
    assert [await left(shelf, one.id) for one in (old, young, running)] == [1, 11, 11]
    assert [await marks(shelf, one.id) for one in (young, running)] == [(0, 0)] * 2


async def test_artifacts_go_by_age_and_by_size(shelf: Shelf) -> None:
    store = shelf.platform.artifacts
    old, young, running = [await ended(shelf, ago) for ago in (MONTH * 2, MONTH / 2, None)]
    names_of = {one.id: await put(shelf, store, one, os.urandom(1_000)) for one in (old, young, running)}
    engine = shelf.platform.engine
    await OldRows(engine, replace(KEEP_ALL, artifacts=MONTH)).remove(Removed())
    assert await names(shelf, old, young, running) == {names_of[young.id], names_of[running.id]}
    assert await store.read(names_of[old.id]), "the file stays for a day"
    await OldRows(engine, replace(KEEP_ALL, artifact_bytes=1)).remove(Removed())
    assert await names(shelf, old, young, running) == {names_of[running.id]}


async def test_files_that_nothing_refers_to_go_unless_they_are_put_again(shelf: Shelf) -> None:
    store = shelf.platform.artifacts
    running = await ended(shelf, None)
    used = await put(shelf, store, running, os.urandom(100))
    loose, again, fresh = [os.urandom(100 + number) for number in range(3)]
    digests = [(await store.put(content)).sha256 for content in (loose, again, fresh)]
    root = shelf.platform.settings.data_dir / "artifacts"
    long_ago = time.time() - 3 * 86400
    for sha256 in (used, *digests[:2]):
        os.utime(root / sha256[:2] / sha256[2:], (long_ago, long_ago))
    unfinished = root / used[:2] / ".new-left"
    unfinished.touch()
    os.utime(unfinished, (long_ago, long_ago))
    await store.put(again)
    files = LooseFiles(store, OldRows(shelf.platform.engine, KEEP_ALL), shelf.platform.engine)
    due, removed = Removed(), Removed()
    await files.count(due)
    await files.remove(removed)
    assert (due, removed.artifact_file_bytes) == (removed, 100)
    there = [(root / sha256[:2] / sha256[2:]).exists() for sha256 in (used, *digests)]
    assert there == [True, False, True, True]
    assert not unfinished.exists()


async def test_old_messages_go_when_they_are_done_with_and_nobody_works(shelf: Shelf) -> None:
    old, running = await ended(shelf, MONTH * 2), await ended(shelf, None)

    async def sent(state: MessageState, sender: Execution, receiver: Execution | None, ago: timedelta) -> UUID:
        id_ = uuid4()
        message = Message(
            id=id_,
            workspace_id=sender.workspace_id,
            type=MessageType.INFORM,
            state=state,
            sender=sender.agent,
            sender_task_id=sender.task_id,
            sender_execution_id=sender.id,
            receiver="somebody",
            receiver_task_id=None if receiver is None else receiver.task_id,
            receiver_actor="user:owner" if receiver is None else None,
            sent_at=now() - ago,
        )
        await shelf.do(lambda uow: uow.messages.insert(message))
        return id_

    handled, queued, delivered = MessageState.HANDLED, MessageState.QUEUED, MessageState.DELIVERED
    gone = [
        await sent(handled, old, old, MONTH * 2),
        await sent(MessageState.UNDELIVERABLE, old, old, MONTH * 2),
        await sent(delivered, old, None, MONTH * 2),
    ]
    kept = [
        await sent(handled, old, old, MONTH / 2),
        await sent(queued, old, old, MONTH * 2),
        await sent(delivered, old, old, MONTH * 2),
        await sent(handled, running, old, MONTH * 2),
        await sent(handled, old, running, MONTH * 2),
    ]
    policy = replace(KEEP_ALL, events=MONTH)
    due, removed = Removed(), Removed()
    rows = OldRows(shelf.platform.engine, policy)
    await rows.count(due)
    await rows.remove(removed)
    assert due.messages == removed.messages >= len(gone)
    for ids, there in ((gone, False), (kept, True)):
        for id_ in ids:
            found = await shelf.do(lambda uow, id_=id_: uow.messages.get(None, id_))  # type: ignore[misc]
            assert (found is not None) is there


async def test_old_keys_and_dead_workers_go(shelf: Shelf) -> None:
    async def remember(key: str) -> None:
        await shelf.do(lambda uow: uow.idempotency.remember(shelf.workspace_id, "t", key, "hash", {}))

    await remember("old")
    await remember("new")
    async with shelf.platform.engine.begin() as connection:
        age = text("UPDATE idempotency_keys SET created_at = created_at - interval '31 days' WHERE key = 'old'")
        await connection.execute(age)
        for days in (-2, 0, 2):
            dead = "INSERT INTO workers VALUES (:id, 'h', 1, '1', 1, '{}', now(), now() + :ago)"
            await connection.execute(text(dead).bindparams(id=uuid4(), ago=timedelta(days=days)))
    await OldRows(shelf.platform.engine, replace(KEEP_ALL, keys=MONTH)).remove(removed := Removed())
    assert (removed.idempotency_keys, removed.dead_workers) == (1, 2)
    assert await shelf.do(lambda uow: uow.idempotency.recall(shelf.workspace_id, "t", "new")) is not None
    assert await shelf.do(lambda uow: uow.idempotency.recall(shelf.workspace_id, "t", "old")) is None
