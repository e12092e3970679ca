"""Files that a typed tool keeps are artifacts of the execution, recorded with the end of the call."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from agents.contract import AgentFailure, SideEffect, Tool, ToolFailure, ToolScope
from persistence.tables import artifacts
from tests.engine.test_call_ledger import Asked, Desk, Order, desk
from tests.engine.test_tool_secrets import Room, room

__all__ = ["desk", "room"]


class Wanted(BaseModel):
    """What to keep."""

    names: list[str]
    fail: bool = False


class KeptFiles(BaseModel):
    """What they are called."""

    names: list[str]


class Keeper(Tool[Wanted, KeptFiles]):
    """Keeps files."""

    name = "keeper"
    version = "1"
    purpose = "Keeps files."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NONE,)
    arguments_model = Wanted
    result_model = KeptFiles

    async def run(self, scope: ToolScope, arguments: Wanted) -> KeptFiles:
        names = [await scope.artifact(name, "text/plain", b"abc") for name in arguments.names]
        if arguments.fail:
            raise ToolFailure("no good")
        return KeptFiles(names=names)


async def kept(desk: Desk) -> dict[str, tuple[str, int]]:
    """The artifacts of the execution: type and size by name."""
    async with desk.platform.engine.connect() as connection:
        found = select(artifacts.c.name, artifacts.c.media_type, artifacts.c.size)
        rows = await connection.execute(found.where(artifacts.c.execution_id == desk.lease.execution_id))
        return {name: (media_type, size) for name, media_type, size in rows}


async def test_what_a_call_kept_is_an_artifact_once_it_has_succeeded(room: Room) -> None:
    answer = await room.step.call(Keeper, Wanted(names=["a.txt", "b.txt"]))
    assert [name.rpartition("/")[2] for name in answer.names] == ["a.txt", "b.txt"]
    assert await kept(room.desk) == dict.fromkeys(answer.names, ("text/plain", 3))
    again = await room.step.call(Keeper, Wanted(names=["a.txt", "b.txt"]))
    assert set(again.names).isdisjoint(answer.names)


async def test_what_failed_keeps_nothing(room: Room) -> None:
    with pytest.raises(ToolFailure, match="no good"):
        await room.step.call(Keeper, Wanted(names=["a.txt"], fail=True))
    with pytest.raises(ToolFailure, match=r"has kept a file named 'a.txt' already"):
        await room.step.call(Keeper, Wanted(names=["a.txt", "a.txt"]))
    assert await kept(room.desk) == {}


async def test_the_platform_knows_its_own_database(room: Room) -> None:
    own = room.desk.platform.services.own_database
    assert own is not None
    assert own.cluster is not None
    assert own.cluster.isdecimal()


async def test_what_a_tool_knows_of_an_end_that_nobody_saw_is_in_the_question(desk: Desk) -> None:
    asked = Asked(answer=False)
    with pytest.raises(AgentFailure, match=r"What is known: .*the line went dead"):
        await desk.order(desk.counter.deliver_and_break, Order(what="tea"), asked=asked)
    assert "the line went dead" in (asked.calls[0].error or "")
