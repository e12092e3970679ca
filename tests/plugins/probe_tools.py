"""Tools with an effect that a test can count."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, Field

from agents.contract import SideEffect, Tool, ToolScope


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


def _add(file: Path, line: str) -> int:
    with file.open("a") as opened:
        opened.write(f"{line}\n")
    return len(file.read_text().splitlines())
