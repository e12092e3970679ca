"""What an agent or a tool may do to the world."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class SideEffect(StrEnum):
    """What an agent or a tool may do to the world outside the agent's own checkout."""

    NONE = "NONE"
    WRITES_SOURCE = "WRITES_SOURCE"
    NETWORK = "NETWORK"
    """It sends something out, and changes nothing there."""
    CHANGES_OTHERS = "CHANGES_OTHERS"
    """It changes what belongs to others, or what others see: a row of their database, an issue, a form sent off. It is
    asked about before it is done."""


ASKED_FIRST = frozenset({SideEffect.WRITES_SOURCE, SideEffect.CHANGES_OTHERS})
"""What a person is asked about before a tool is called directly, or by a language model of its own accord."""


def told(effects: Collection[SideEffect]) -> str:
    """The effects in words, for whoever decides: what comes after "which"."""
    return " and ".join(sorted(effect.value.lower().replace("_", " ") for effect in effects))
