"""What an execution consumed, as the platform measured it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Totals over the recorded tool calls and artifacts of one execution."""

    tool_calls: int
    tool_seconds: float
    artifact_bytes: int
