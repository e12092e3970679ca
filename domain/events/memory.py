"""Events of memories. They name a memory and never say what stands in it: an event cannot be erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRemembered:
    """A memory was put down."""

    memory_id: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCorrected:
    """The text, kind, tags or time of a memory were replaced."""

    memory_id: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryErased:
    """A memory was erased."""

    memory_id: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoriesErased:
    """All memories that fitted some conditions were erased."""

    count: int


MemoryEvent: TypeAlias = MemoryRemembered | MemoryCorrected | MemoryErased | MemoriesErased
