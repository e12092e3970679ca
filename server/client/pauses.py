"""What a paused execution waits for, as its event tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def awaited(paused: Mapping[str, Any]) -> str:
    """What follows "it waits for"; the event is an ``ExecutionPaused`` with ``approvals`` and ``awaitedMessages``."""
    waits = [f"{len(paused['approvals'])} approval(s)"] if paused["approvals"] else []
    waits += [f"messages ({', '.join(paused['awaitedMessages'])})"] if paused["awaitedMessages"] else []
    return " and ".join(waits) or "its tasks"
