"""Memories: what agents and people put down to be found again, where it counts, and how well it fits a question."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.errors import Invalid

LONGEST: Final = 16_000
"""Characters of a memory."""
LONGEST_QUESTION: Final = 2_000
"""Characters of what is asked."""
MOST_TAGS: Final = 20
MOST_RECALLED: Final = 50
DIMENSIONS: Final = 384
"""Numbers of a vector."""
PIECE: Final = 900
"""Characters of a piece: what a small model reads whole. A longer memory has a vector for each of its pieces."""
KIND = re.compile(r"[a-z][a-z0-9_-]{0,49}")
TAG = re.compile(r"[\w][\w ./:+#-]{0,49}")
DEFAULT_KIND: Final = "fact"


class MemoryScope(StrEnum):
    """For whom a memory counts."""

    AGENT = "AGENT"
    PROJECT = "PROJECT"
    WORKSPACE = "WORKSPACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlace:
    """Where a memory belongs: to the agents of one kind, to a project, or to the whole workspace."""

    scope: MemoryScope
    agent: str | None = None
    project_id: UUID | None = None

    @property
    def key(self) -> str:
        """One text for one place."""
        return ":".join([self.scope.value, *(str(part) for part in (self.agent, self.project_id) if part is not None)])


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySource:
    """Who put a memory down: ``user:…`` or ``agent:KIND``, and the execution and call in which an agent did so."""

    actor: str
    execution_id: UUID | None = None
    tool_call_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A memory. Only its present text is kept: a correction replaces it, so that erasing it erases all of it."""

    id: UUID
    workspace_id: UUID
    place: MemoryPlace
    kind: str
    tags: tuple[str, ...]
    content: str
    source: MemorySource
    updated_by: str
    expires_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    def expired(self, now: datetime) -> bool:
        """Whether its time has passed: it is not shown any more, and removed when the house is kept next."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What came of remembering: whether the place had the text already, and whether its kind or tags were changed."""

    memory: Memory
    known: bool
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFilter:
    """Which memories; conditions are joined by AND, an empty one does not limit. ``places`` are joined by OR."""

    scope: MemoryScope | None = None
    agent: str | None = None
    project_id: UUID | None = None
    kind: str | None = None
    tag: str | None = None
    source: str | None = None
    execution_id: UUID | None = None
    places: tuple[MemoryPlace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a memory fits a question.

    ``text`` is the share of the question's words that it has, rare words counting more (0 to 1); ``trigram`` the same
    for words that are spelled alike; ``vector`` the cosine of their meanings (-1 to 1). ``None`` where a way did not
    find it, or there is none. ``total`` is their ranks fused, 1 for what is first in every way that found anything.
    """

    total: float
    text: float | None = None
    trigram: float | None = None
    vector: float | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memory with its score."""

    memory: Memory
    score: Score


class Way(StrEnum):
    """A way of finding memories."""

    TEXT = "text"
    TRIGRAM = "trigram"
    VECTOR = "vector"


WEIGHTS: Final[Mapping[Way, float]] = {Way.TEXT: 1.0, Way.TRIGRAM: 0.5, Way.VECTOR: 1.5}
"""How much a rank counts. Trigrams find what is misspelled, and much else that only looks alike."""
CHANCE: Final[Mapping[Way, float]] = {Way.TEXT: 0.35, Way.TRIGRAM: 0.4, Way.VECTOR: 0.15}
"""Scores below which a hit is left out where meanings are compared: two common words are shared by chance, and each
hit has a rank that counts. Measured on the questions of ``benchmarks/memory``."""
FLATNESS: Final = 60
"""The constant of reciprocal rank fusion: the larger, the less the first rank counts above the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySearch:
    """What there is to find memories by. ``waiting`` are memories that have no vector of the model yet."""

    trigram: bool
    vector: bool
    model: str | None
    memories: int
    waiting: int
    problems: tuple[str, ...]


def fused(found: Mapping[Way, Sequence[tuple[UUID, float]]]) -> list[tuple[UUID, Score]]:
    """Reciprocal rank fusion of what each way has found, the best first of each; ties are in the order of their ids.

    Equal scores of one way share a rank: an order among them would be made up.
    """
    ways = {way: hits for way, hits in _without_chance(found).items() if hits}
    best = sum(WEIGHTS[way] for way in ways) / (FLATNESS + 1)
    totals: dict[UUID, float] = {}
    scores: dict[UUID, dict[Way, float]] = {}
    for way, hits in ways.items():
        rank, last = 0, None
        for place, (memory_id, score) in enumerate(hits, 1):
            rank, last = (rank, last) if score == last else (place, score)
            totals[memory_id] = totals.get(memory_id, 0.0) + WEIGHTS[way] / (FLATNESS + rank)
            scores.setdefault(memory_id, {})[way] = score
    ordered = sorted(totals, key=lambda one: (-totals[one], one))
    return [
        (
            one,
            Score(
                total=round(totals[one] / best, 6),
                text=scores[one].get(Way.TEXT),
                trigram=scores[one].get(Way.TRIGRAM),
                vector=scores[one].get(Way.VECTOR),
            ),
        )
        for one in ordered
    ]


def _without_chance(
    found: Mapping[Way, Sequence[tuple[UUID, float]]],
) -> Mapping[Way, Sequence[tuple[UUID, float]]]:
    if not found.get(Way.VECTOR):
        return found
    return {way: [hit for hit in hits if hit[1] >= CHANCE[way]] for way, hits in found.items()}


def joined_with(known: Memory, again: Memory, *, keeps_kind: bool) -> Memory:
    """A memory of which the same text was put down again: with the tags of both, and the later of their two times.

    Its kind is the newer one, unless ``keeps_kind``. It is another version when its kind or tags are others.

    Raises:
        Invalid: both together have more than 20 tags.
    """
    tags = tuple(dict.fromkeys((*known.tags, *again.tags)))
    if len(tags) > MOST_TAGS:
        held = f"It is known already, with {len(known.tags)} tags"
        raise Invalid(
            f"{held}: with these it had {len(tags)}, and may have {MOST_TAGS}. Correct it instead.",
            path=("input", "tags"),
        )
    ends = (known.expires_at, again.expires_at)
    joined = replace(
        known,
        kind=known.kind if keeps_kind else again.kind,
        tags=tags,
        expires_at=None if None in ends else max(end for end in ends if end is not None),
    )
    if (joined.kind, joined.tags) == (known.kind, known.tags):
        return joined
    return replace(joined, updated_by=again.updated_by, updated_at=again.updated_at, version=known.version + 1)


def pieces(text: str) -> list[str]:
    """The text in pieces of at most 900 characters, cut at the ends of paragraphs, sentences or words where it can."""
    found, rest = [], text.strip()
    while len(rest) > PIECE:
        cut = max(rest.rfind(end, PIECE // 2, PIECE) + len(end.rstrip()) for end in ("\n\n", "\n", ". "))
        if cut < PIECE // 2:
            cut = rest.rfind(" ", PIECE // 2, PIECE)
        if cut < PIECE // 2:
            cut = PIECE
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*found, rest] if rest else found


def digest(content: str) -> bytes:
    """What stands for a text: the same one is kept once in a place."""
    return hashlib.sha256(content.encode()).digest()


def check_place(place: MemoryPlace) -> MemoryPlace:
    """The place.

    Raises:
        Invalid: it does not say whose it is, or says it although its scope has no such owner.
    """
    for name, scope, owner in (
        ("agentKind", MemoryScope.AGENT, place.agent),
        ("projectId", MemoryScope.PROJECT, place.project_id),
    ):
        if (place.scope is scope) != (owner is not None):
            wrong = f"needs {name}" if owner is None else f"takes no {name}"
            raise Invalid(f"The scope {place.scope} {wrong}.", path=("input", name))
    return place


def check_kind(kind: str) -> str:
    """The kind.

    Raises:
        Invalid: it is not one.
    """
    if not KIND.fullmatch(kind):
        raise Invalid(
            "kind has 1 to 50 lower-case letters, digits, dashes and underscores, and begins with a letter.",
            path=("input", "kind"),
        )
    return kind


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags without repetitions.

    Raises:
        Invalid: there are more than 20, or one is not a tag.
    """
    path = ("input", "tags")
    kept = tuple(dict.fromkeys(tag.strip() for tag in tags))
    if len(kept) > MOST_TAGS:
        raise Invalid(f"A memory may have at most {MOST_TAGS} tags; this has {len(kept)}.", path=path)
    if not all(TAG.fullmatch(tag) for tag in kept):
        raise Invalid("A tag has 1 to 50 letters, digits, spaces and any of ./:+#_-, the first one no sign.", path=path)
    return kept
