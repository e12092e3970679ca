"""What an agent or a tool may do to the world."""

from __future__ import annotations

from enum import StrEnum


class SideEffect(StrEnum):
    """What an agent or a tool may do to the world outside the agent's own checkout."""

    NONE = "NONE"
    WRITES_SOURCE = "WRITES_SOURCE"
    NETWORK = "NETWORK"
