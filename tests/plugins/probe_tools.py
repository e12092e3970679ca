"""Tools with an effect that a test can count."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, Field

from agents.contract import SideEffect, Tool, ToolFailure, ToolMissing, ToolScope


class StampArguments(BaseModel):
    """What to do."""

    file: str = Field(description="A file that gets a line: the idempotency key of the call.")
    until: str | None = Field(None, description="The call ends only when this file exists.")


class Stamped(BaseModel):
    """What was done."""

    lines: int = Field(description="Lines of the file after this one was written.")


class Stamp(Tool[StampArguments, Stamped]):
    """Must not be done twice."""

    name = "stamp"
    version = "1.0"
    purpose = "Adds a line to a file."
    licence = "Apache-2.0"
    side_effects = (SideEffect.WRITES_SOURCE,)
    repeatable = False
    arguments_model = StampArguments
    result_model = Stamped

    async def run(self, scope: ToolScope, arguments: StampArguments) -> Stamped:
        """Write the line, then wait."""
        lines = await asyncio.to_thread(_add, Path(arguments.file), scope.idempotency_key)
        while arguments.until is not None and not await asyncio.to_thread(Path(arguments.until).exists):
            await asyncio.sleep(0.02)
        return Stamped(lines=lines)


class KeyedStamp(Stamp):
    """May be done twice: whoever reads the file counts equal keys once."""

    name = "keyed_stamp"
    repeatable = True


class PublishArguments(StampArguments):
    """What to do."""

    dry: bool = Field(False, description="Only say what would be done.")


class Publish(Tool[PublishArguments, Stamped]):
    """Changes something of others, unless it is a dry run."""

    name = "publish"
    version = "1.0"
    purpose = "Adds a line to somebody else's file."
    licence = "Apache-2.0"
    side_effects = (SideEffect.CHANGES_OTHERS,)
    repeatable = False
    arguments_model = PublishArguments
    result_model = Stamped

    @classmethod
    def effects_of(cls, arguments: PublishArguments) -> tuple[SideEffect, ...]:
        """None of a dry run."""
        return (SideEffect.NONE,) if arguments.dry else cls.side_effects

    async def run(self, scope: ToolScope, arguments: PublishArguments) -> Stamped:
        """Write the line."""
        if arguments.dry:
            return Stamped(lines=0)
        return Stamped(lines=await asyncio.to_thread(_add, Path(arguments.file), scope.idempotency_key))


class FloodArguments(BaseModel):
    """How much to say."""

    size: int = Field(1, ge=1, le=10_000_000, description="Characters.")
    fails: str | None = Field(None, description="What it fails with.")
    missing: bool = Field(False, description="Whether that is because something is not installed.")
    for_ever: bool = Field(False, description="Never answer.")


class Said(BaseModel):
    """What was said."""

    text: str = Field(description="Many letters.")


class Flood(Tool[FloodArguments, Said]):
    """Answers as much as it is told to."""

    name = "flood"
    version = "1.0"
    purpose = "Answers a text of a given length."
    licence = "Apache-2.0"
    arguments_model = FloodArguments
    result_model = Said

    async def run(self, scope: ToolScope, arguments: FloodArguments) -> Said:
        """Say it."""
        if arguments.fails is not None:
            raise (ToolMissing if arguments.missing else ToolFailure)(arguments.fails)
        if arguments.for_ever:
            await asyncio.Event().wait()
        return Said(text="x" * arguments.size)


def _add(file: Path, line: str) -> int:
    with file.open("a") as opened:
        opened.write(f"{line}\n")
    return len(file.read_text().splitlines())
