"""Finding memories among 10,000, against the same search without any index; and how well what is sought is found."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import text

from benchmarks.measure import Row, percentile
from benchmarks.memory.quality import by_recall, measured, put_down, without_model
from benchmarks.processes import Site
from domain.actor import Actor
from domain.memory import Memory, MemoryFilter, MemoryPlace, MemoryScope, MemorySource, pieces
from domain.ports import UnitOfWork, Vector
from domain.use_cases import memory
from domain.use_cases.memory import Question
from persistence.memory.search import Search
from server.security.authentication import OWNER

SERVICES = ("checkout", "search", "billing", "catalogue", "identity", "shipping", "pricing", "inbox", "ledger", "media")
PLACES = ("Frankfurt", "Dublin", "Ohio", "Singapore", "the staging cluster", "the build farm", "the edge", "the office")
PARTS = (
    "connection pool", "message queue", "cache", "certificate", "nightly import", "rate limit", "deployment", "backup",
    "retry policy", "schema migration", "feature flag", "log pipeline", "health check", "load balancer", "cron job",
)  # fmt: skip
FACTS = (
    "needs {n} minutes to warm up after a restart", "fails when more than {n} requests arrive at once",
    "was moved to another team in week {n}", "must not be changed without a review of {n} people",
    "keeps its state for {n} days", "uses {n} workers because the vendor throttles us",
    "was the cause of incident {n}", "is written down in chapter {n} of the handbook",
)  # fmt: skip
QUESTIONS = (
    "Why does the {part} of {service} break under load in {place}?",
    "who owns the {service} {part}",
    "How long does {service} remember things in {place}?",
    "What happened in the incident with the {part} of {service}?",
)
AT_ONCE = 100
Work = Callable[[UnitOfWork], Awaitable[list[UUID]]]

WITHOUT_INDEX = ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan")


async def run(here: Site) -> list[Row]:
    """The rows of the table."""
    actor = here.platform.owner(OWNER)
    await _fill(here, actor)
    return [*await _retrieval(here, actor), *await _quality(here, actor)]


def contents(count: int) -> list[str]:
    """So many different texts."""
    parts = itertools.cycle(itertools.product(FACTS, PARTS, SERVICES, PLACES))
    return [
        f"The {part} of the {service} service in {place} {fact.format(n=n)}."
        for n, (fact, part, service, place) in zip(range(count), parts, strict=False)
    ]


def questions(count: int) -> list[str]:
    """So many questions about them."""
    asked = itertools.cycle(itertools.product(QUESTIONS, PARTS, SERVICES, PLACES))
    some = itertools.islice(asked, 0, count * 7, 7)  # not all of one form
    return [form.format(part=part, service=service, place=place) for form, part, service, place in some]


async def _fill(here: Site, actor: Actor) -> None:
    """Straight into the store, a hundred in one transaction."""
    texts = contents(here.scale.memories)

    async def keep(uow: UnitOfWork, some: Sequence[str]) -> None:
        for content in some:
            await uow.memories.insert(
                Memory(
                    id=uow.new_id(),
                    workspace_id=actor.workspace_id,
                    place=MemoryPlace(scope=MemoryScope.WORKSPACE),
                    kind="fact",
                    tags=(),
                    content=content,
                    source=MemorySource(actor=actor.id),
                    updated_by=actor.id,
                    created_at=uow.now,
                    updated_at=uow.now,
                ),
                await uow.embedder.embed(pieces(content)),
                uow.embedder.model,
            )

    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        await here.platform.transactor.run(lambda uow, some=some: keep(uow, some))  # type: ignore[misc]
    owner = await asyncpg.connect(here.platform.addresses.owner_dsn)
    try:  # as autovacuum does a minute later
        for table in ("memories", "memory_index.trigrams", "memory_index.vectors"):
            await owner.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await owner.close()


async def _retrieval(here: Site, actor: Actor) -> list[Row]:
    asked = questions(here.scale.recalls)
    rows = [await _against_scan(here, actor, asked)]
    if await here.platform.transactor.run(_model) is not None:
        rows.append(await _nearest(here, actor, asked))
    return rows


async def _against_scan(here: Site, actor: Actor, asked: Sequence[str]) -> Row:
    """The whole search, and the same statements with no index to use: both have to answer the same."""

    def recall(question: str, *, indexed: bool) -> Work:
        async def work(uow: UnitOfWork) -> list[UUID]:
            if not indexed:
                for name in WITHOUT_INDEX:
                    await _connection(uow).execute(text(f"SET LOCAL {name} = off"))
            return [one.memory.id for one in await memory.recall(uow, actor, Question(text=question))]

        return work

    ours, brute, others = [], [], 0
    for question in asked:  # in turns, so that what else the machine does meets both
        one, found = await _timed(here, recall(question, indexed=True))
        other, scanned = await _timed(here, recall(question, indexed=False))
        ours.append(one)
        brute.append(other)
        others += found != scanned
    if others:
        raise RuntimeError(f"{others} of {len(asked)} questions have another answer without the indexes")
    return _row(f"recall among {here.scale.memories:,} memories", ours, "the same search without indexes", brute)


async def _nearest(here: Site, actor: Actor, asked: Sequence[str]) -> Row:
    """The vectors alone: by the index, and all of them compared, which is what is done up to 20,000."""

    def nearest(vector: Vector, model: str, exact: int) -> Work:
        async def work(uow: UnitOfWork) -> list[UUID]:
            search = Search(_connection(uow), uow.now, actor.workspace_id, MemoryFilter(), exact=exact)
            return [one for one, _ in (await search.by_vector(vector, model, here.scale.memories))[:10]]

        return work

    async def embed(uow: UnitOfWork) -> tuple[list[Vector], str]:
        return await uow.embedder.embed(asked), uow.embedder.model or ""

    vectors, model = await here.platform.transactor.run(embed)
    by_index, compared, agree = [], [], []
    for vector in vectors:
        one, near = await _timed(here, nearest(vector, model, 0))
        other, nearest_of_all = await _timed(here, nearest(vector, model, 10**9))
        by_index.append(one)
        compared.append(other)
        agree.append(len(set(near) & set(nearest_of_all)) / max(len(nearest_of_all), 1))
    what = f"nearest vectors by HNSW ({statistics.mean(agree):.0%} of the nearest ten)"
    return _row(what, by_index, "all vectors compared", compared)


async def _quality(here: Site, actor: Actor) -> list[Row]:
    transactor, apart = here.platform.transactor, replace(actor, workspace_id=uuid4())
    await transactor.run(lambda uow: uow.workspaces.ensure(apart.workspace_id, "quality"))
    asked = await put_down(transactor, apart)
    plain = await measured(asked, without_model(transactor, apart))
    best = await measured(asked, by_recall(transactor, apart))
    model = await transactor.run(_model)
    what = f"answers found to {best.questions} questions ({model or 'no model here'})"
    return [Row(what, str(best), f"by words and spelling alone: {plain}", f"{best.mrr / plain.mrr:.1f} (MRR)")]


async def _model(uow: UnitOfWork) -> str | None:
    return uow.embedder.model


async def _timed(here: Site, work: Work) -> tuple[float, list[UUID]]:
    began = time.perf_counter()
    found = await here.platform.transactor.run(work)
    return (time.perf_counter() - began) * 1000, found


def _connection(uow: UnitOfWork) -> Any:
    return uow.memories._connection  # type: ignore[attr-defined]  # what is measured is below the port


def _row(what: str, ours: Sequence[float], other: str, against: Sequence[float]) -> Row:
    def shown(times: Sequence[float]) -> str:
        return f"p50 {percentile(times, 50):.1f} ms, {1000 / statistics.mean(times):.0f}/s"

    return Row(what, shown(ours), f"{other}: {shown(against)}", f"{percentile(against, 50) / percentile(ours, 50):.1f}")
