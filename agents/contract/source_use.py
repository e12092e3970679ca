"""What is done with the source of a project."""

from __future__ import annotations

from enum import StrEnum


class SourceUse(StrEnum):
    """What a task, or a direct call of a tool, does with the source of its project."""

    NEEDED = "NEEDED"
    WHERE_THERE = "WHERE_THERE"
    """It gets a checkout where the project has a source, and an empty folder where not."""
    UNUSED = "UNUSED"
    """No checkout is made."""
