"""Finding memories by a question: by the words in them, by words that are spelled alike, and by their meaning.

PostgreSQL's own ranks know nothing of how rare a word is, so a question's "the" would count as much as its "pgbouncer".
Here each word weighs the more the fewer memories have it (inverse document frequency, as in BM25).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Double,
    Numeric,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.memory import MemoryFilter, Recalled, Way, fused
from domain.ports import Vector
from persistence.mappers import to_memory
from persistence.memory.selects import alive, fitting, select_memories
from persistence.selects import among
from persistence.tables import memories, memory_trigrams, memory_vectors
from persistence.tables.memory import VectorType

CONFIGURATION = "english"
CANDIDATES = 100
"""Memories that each way puts forward."""
MOST_WORDS = 64
"""Words of a question that are looked for."""
SHORTEST_WORD = 4
"""Letters of a word whose trigrams tell anything."""
EXACT = 20_000
"""Up to so many memories all their vectors are compared, which is exact; beyond it the index is asked."""
PLACES = 6
"""Decimals of a share: what is added up in another order must not count as more."""
WORD = re.compile(r"\w[\w.-]*\w")

FACTS = text(
    "SELECT to_regclass('memory_index.trigrams') IS NOT NULL AS trigram,"
    " to_regclass('memory_index.vectors') IS NOT NULL AS vector,"
    " tsvector_to_array(to_tsvector('english', :question)) AS lexemes,"
    " array(SELECT w FROM unnest(CAST(:words AS text[])) AS w WHERE length(to_tsvector('english', w)) > 0) AS words"
)


@dataclass(frozen=True, slots=True)
class Search:
    """One search on one connection, in one transaction: of what fits the filter at this moment.

    ``exact``: up to so many memories all vectors are compared; beyond it the index is asked.
    """

    connection: AsyncConnection
    now: datetime
    workspace_id: UUID
    which: MemoryFilter
    exact: int = EXACT

    async def recall(self, question: str, vector: Vector | None, model: str | None, most: int) -> list[Recalled]:
        """What fits the question, the best first."""
        words = list(dict.fromkeys(one.lower() for one in WORD.findall(question) if len(one) >= SHORTEST_WORD))
        asked = {"question": question, "words": words[:MOST_WORDS]}
        facts = (await self.connection.execute(FACTS, asked)).mappings().one()
        of = await self._size()
        found = {Way.TEXT: await self.by_text(facts["lexemes"][:MOST_WORDS], of)}
        if facts["trigram"]:
            found[Way.TRIGRAM] = await self.by_trigrams(facts["words"], of)
        if facts["vector"] and vector is not None and model is not None:
            found[Way.VECTOR] = await self.by_vector(vector, model, of)
        best = fused(found)[:most]
        rows = select_memories().where(among(memories.c.id, [one for one, _ in best]))
        known = {row["id"]: to_memory(row) for row in (await self.connection.execute(rows)).mappings()}
        return [Recalled(known[one], score) for one, score in best if one in known]

    def _conditions(self) -> list[ColumnElement[bool]]:
        return [*fitting(self.workspace_id, self.which), alive(self.now)]

    async def _size(self) -> int:
        """How many memories are searched; beyond a limit it does not matter."""
        some: Select[Any] = (
            select(literal_column("1")).select_from(memories).where(*self._conditions()).limit(self.exact + 1)
        )
        return int((await self.connection.execute(select(func.count()).select_from(some.subquery()))).scalar_one())

    async def by_text(self, lexemes: Sequence[str], of: int) -> list[tuple[UUID, float]]:
        """Memories with these lexemes, ``of`` so many, with the share of their weight."""
        if not lexemes:
            return []
        asked = _unnested("lexemes", [_query(one) for one in lexemes], "lexeme")
        hits = (
            select(memories.c.id, asked.c.lexeme, literal(1.0, Double).label("alike"))
            .select_from(asked.join(memories, memories.c.words.op("@@")(cast(asked.c.lexeme, TSQUERY))))
            .where(*self._conditions())
        )
        return await self._weighed(hits, len(lexemes), of)

    async def by_trigrams(self, words: Sequence[str], of: int) -> list[tuple[UUID, float]]:
        """The same with words that are spelled alike."""
        if not words:
            return []
        asked = _unnested("words", words, "lexeme")
        alike = func.word_similarity(asked.c.lexeme, memory_trigrams.c.content)
        near = asked.c.lexeme.op("<%")(memory_trigrams.c.content)
        hits = (
            select(memories.c.id, asked.c.lexeme, cast(alike, Double).label("alike"))
            .select_from(asked.join(memory_trigrams, near).join(memories, memories.c.id == memory_trigrams.c.memory_id))
            .where(*self._conditions())
        )
        return await self._weighed(hits, len(words), of)

    async def _weighed(self, hits: Select[Any], asked: int, of: int) -> list[tuple[UUID, float]]:
        """The hits of each word added up by its weight, as a share of what a memory with all words would have."""
        one = hits.subquery("hit")
        frequency = func.count().over(partition_by=one.c.lexeme)
        counted = (
            select(one, _weight(cast(frequency, Double), of).label("weight")).cte("counted").prefix_with("MATERIALIZED")
        )
        words = select(counted.c.lexeme, counted.c.weight).distinct().subquery("words")
        told = select(func.sum(words.c.weight) + (asked - func.count()) * _weight(literal(0.0, Double), of))
        total = func.sum(counted.c.weight * counted.c.alike) / told.scalar_subquery()
        share = cast(func.round(cast(total, Numeric), PLACES), Double).label("share")
        best = select(counted.c.id, share).group_by(counted.c.id).order_by(share.desc(), counted.c.id).limit(CANDIDATES)
        return [(row.id, row.share) for row in (await self.connection.execute(best)).all()]

    async def by_vector(self, vector: Vector, model: str, of: int) -> list[tuple[UUID, float]]:
        """The nearest memories, ``of`` so many, each with the cosine of its nearest piece."""
        given = cast(bindparam("asked", written(vector), type_=Text), VectorType)
        apart: ColumnElement[float] = memory_vectors.c.embedding.op("<=>", return_type=Double())(given)
        distance = apart.label("distance")
        near = (
            select(memory_vectors.c.memory_id.label("id"), distance)
            .select_from(memory_vectors.join(memories, memories.c.id == memory_vectors.c.memory_id))
            .where(*self._conditions(), memory_vectors.c.model == model)
        )
        if of > self.exact:  # the nearest pieces by the index, which goes on until enough of them fit the filter
            for name, value in (("hnsw.iterative_scan", "relaxed_order"), ("hnsw.ef_search", str(CANDIDATES * 2))):
                await self.connection.execute(select(func.set_config(name, value, True)))
            near = near.order_by(literal_column("distance")).limit(CANDIDATES * 2)
        piece = near.subquery("piece")
        nearest = func.min(piece.c.distance).label("nearest")
        best = select(piece.c.id, nearest).group_by(piece.c.id).order_by(nearest, piece.c.id).limit(CANDIDATES)
        rows = (await self.connection.execute(best)).all()
        return [(row.id, 1 - row.nearest) for row in rows]


def _unnested(name: str, values: Sequence[str], label: str) -> Any:
    """The values as the rows of a table with one column."""
    given = func.unnest(bindparam(name, list(values), type_=ARRAY(Text)))
    return given.table_valued(column(label, Text), name="asked").render_derived()


def _query(lexeme: str) -> str:
    """A full text query for one lexeme, as PostgreSQL reads it."""
    quoted = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"


def _weight(frequency: ColumnElement[float], of: int) -> ColumnElement[float]:
    """How much a word tells that so many of the memories have."""
    without = func.greatest(literal(float(of), Double), frequency) - frequency
    return func.ln(1 + (without + 0.5) / (frequency + 0.5), type_=Double())


def written(vector: Vector) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(f'{number:.7g}' for number in vector)}]"
