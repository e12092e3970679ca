"""Memories on a database that lacks an extension and gets it later, and what age removes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import select, text, update

from domain.memory import Memory, MemoryPlace, MemoryScope, MemorySource
from domain.use_cases import memory
from domain.use_cases.memory import Question, Remember
from persistence.embedded.cluster import SUPERUSER
from persistence.embedded.roles import dsn
from persistence.memory.equipment import equip, missing
from persistence.retention.policy import Removed
from persistence.retention.rows import OldRows
from persistence.tables import memories
from server.platform.database import migrate_database
from server.platform.housekeeping import EMBEDDED_AT_ONCE
from server.platform.wiring import Platform, open_platform
from tests.persistence.conftest import NOON, Shelf, has_defaults
from tests.persistence.test_migrations import fresh
from tests.persistence.test_retention import KEEP_ALL

__all__ = ["fresh"]

FREEZE = "The mobile team releases nothing from 15 December until January."
CHRISTMAS = "Can I ship a new version of the app over Christmas?"
EVERYBODY = MemoryPlace(scope=MemoryScope.WORKSPACE)


@pytest.fixture
async def bare(idle: Platform, fresh: object) -> AsyncIterator[Platform]:
    """A platform on a database whose owner may not install the extension of vectors, as a user's own may be."""
    await migrate_database(fresh)  # type: ignore[arg-type]
    async with open_platform(idle.settings, fresh) as opened:  # type: ignore[arg-type]
        yield opened


async def test_without_vectors_words_and_spelling_are_found_and_later_the_rest(bare: Platform) -> None:
    actor, transactor = bare.owner("tests"), bare.transactor
    command = Remember(place=EVERYBODY, content=FREEZE)
    kept = (await transactor.run(lambda uow: memory.remember(uow, actor, command))).memory

    async def asked(question: str) -> list[Memory]:
        found = await transactor.run(lambda uow: memory.recall(uow, actor, Question(text=question)))
        assert all(one.score.vector is None for one in found)
        return [one.memory for one in found]

    assert [one.id for one in await asked("releases in december")] == [kept.id]
    assert [one.id for one in await asked("relaeses decembre")] == [kept.id]
    assert await asked(CHRISTMAS) == []
    [problem] = await missing(bare.addresses.app_dsn)
    assert "CREATE EXTENSION vector" in problem
    facts = await transactor.run(lambda uow: memory.search_facts(uow, actor))
    assert (facts.trigram, facts.vector, facts.waiting, facts.problems) == (True, False, 0, (problem,))
    assert await transactor.run(lambda uow: memory.embed_waiting(uow, EMBEDDED_AT_ONCE)) == 0

    socket = Path(parse_qs(urlsplit(bare.addresses.owner_dsn).query)["host"][0])
    database = urlsplit(bare.addresses.owner_dsn).path.strip("/")
    superuser = await asyncpg.connect(dsn(socket, SUPERUSER, database))
    await superuser.execute("CREATE EXTENSION vector")
    await superuser.close()
    assert "run `wrenchai db upgrade`" in (await missing(bare.addresses.app_dsn))[0]
    await equip(bare.addresses.owner_dsn)
    await equip(bare.addresses.owner_dsn)
    assert await missing(bare.addresses.app_dsn) == ()
    facts = await transactor.run(lambda uow: memory.search_facts(uow, actor))
    assert (facts.vector, facts.waiting, facts.problems) == (True, 1, ())
    assert await bare.housekeeping().embed_waiting() == 1
    found = await transactor.run(lambda uow: memory.recall(uow, actor, Question(text=CHRISTMAS)))
    assert [one.memory.id for one in found] == [kept.id]
    assert found[0].score.vector is not None
    assert await bare.housekeeping().embed_waiting() == 0


async def test_memories_that_were_there_before_the_index_are_found_by_spelling(bare: Platform) -> None:
    owner = await asyncpg.connect(bare.addresses.owner_dsn)
    await owner.execute("DROP SCHEMA memory_index CASCADE")
    actor = bare.owner("tests")
    command = Remember(place=EVERYBODY, content=FREEZE)
    await bare.transactor.run(lambda uow: memory.remember(uow, actor, command))
    asked = Question(text="relaeses decembre")
    assert await bare.transactor.run(lambda uow: memory.recall(uow, actor, asked)) == []
    await equip(bare.addresses.owner_dsn)
    assert len(await bare.transactor.run(lambda uow: memory.recall(uow, actor, asked))) == 1
    await owner.close()


async def test_a_memory_comes_back_as_it_was_put(shelf: Shelf) -> None:
    project = await shelf.project()
    execution = await shelf.execution(await shelf.task(project))
    call = shelf.new_tool_call(execution)
    await shelf.do(lambda uow: uow.tool_calls.put(call))
    put = Memory(
        id=uuid4(),
        workspace_id=shelf.workspace_id,
        place=MemoryPlace(scope=MemoryScope.PROJECT, project_id=project.id),
        kind="decision",
        tags=("ä", "b c"),
        content="Überprüfung 検査 \U0001f600",
        source=MemorySource(actor="agent:probe", execution_id=execution.id, tool_call_id=call.id),
        updated_by="user:ada",
        expires_at=datetime.now(UTC).replace(microsecond=7) + timedelta(days=1),
        version=4,
        created_at=NOON,
        updated_at=NOON + timedelta(hours=1),
    )
    assert has_defaults(put) == []
    assert await shelf.do(lambda uow: uow.memories.insert(put, [], None))
    assert not await shelf.do(lambda uow: uow.memories.insert(replace(put, id=uuid4()), [], None))
    assert await shelf.do(lambda uow: uow.memories.get(shelf.workspace_id, put.id)) == put
    assert await shelf.read.memories_by_id(shelf.workspace_id, [put.id, uuid4()]) == [put, None]
    changed = replace(put, content="Other", tags=(), kind="fact", version=5, expires_at=None)
    await shelf.do(lambda uow: uow.memories.replace(changed, [], None))
    assert await shelf.do(lambda uow: uow.memories.get(shelf.workspace_id, put.id)) == changed


async def test_what_is_too_old_or_has_expired_is_removed(shelf: Shelf) -> None:
    engine, actor = shelf.platform.engine, shelf.actor
    names = ("old", "young", "expired")
    kept = {}
    for name in names:
        command = Remember(place=EVERYBODY, content=name)
        kept[name] = (await shelf.do(partial(memory.remember, actor=actor, command=command))).memory.id
    async with engine.begin() as connection:
        for name, column in (("old", "updated_at"), ("expired", "expires_at")):
            past = {column: datetime.now(UTC) - timedelta(days=40)}
            await connection.execute(update(memories).where(memories.c.id == kept[name]).values(past))

    async def left() -> set[str]:
        async with engine.connect() as connection:
            mine = select(memories.c.content).where(memories.c.workspace_id == shelf.workspace_id)
            return set((await connection.execute(mine)).scalars())

    for policy, stays in ((KEEP_ALL, {"old", "young"}), (replace(KEEP_ALL, memories=timedelta(days=30)), {"young"})):
        due, removed = Removed(), Removed()
        await OldRows(engine, policy).count(due)
        assert await left() != stays
        await OldRows(engine, policy).remove(removed)
        assert (due.memories, removed.memories) == (1, 1)
        assert await left() == stays
    async with engine.connect() as connection:
        gone = text("SELECT count(*) FROM memory_index.trigrams WHERE memory_id = any(:ids)")
        ids = [kept["old"], kept["expired"]]
        assert (await connection.execute(gone, {"ids": ids})).scalar_one() == 0
