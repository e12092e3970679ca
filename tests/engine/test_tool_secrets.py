"""A tool of a running execution gets a secret: nothing that is recorded has its value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import BaseModel
from sqlalchemy import text, update

from agents.contract import AgentFailure, Checkout, Tool, ToolFailure, ToolScope
from agents.egress import EgressPolicy
from agents.runtime.log_writer import LogWriter
from agents.runtime.step import RunningStep
from agents.runtime.waiting_room import WaitingRoom
from agents.sandbox.choice import open_sandbox
from agents.toolbox import Toolbox
from domain.redaction import HIDDEN, Redactor
from domain.use_cases import secrets as use_cases
from domain.use_cases.secrets import SetSecret
from persistence.tables import secrets
from tests.engine.test_call_ledger import Asked, Desk, desk

__all__ = ["desk"]

VALUE = "correct horse battery staple"


class Use(BaseModel):
    """What to do with it."""

    name: str
    fail: bool = False


class Used(BaseModel):
    """What came of it."""

    text: str


class Spill(Tool[Use, Used]):
    """Gives away what it gets, in every way it has."""

    name = "spill"
    version = "1"
    purpose = "Spills secrets."
    licence = "Apache-2.0"
    arguments_model = Use
    result_model = Used

    async def run(self, scope: ToolScope, arguments: Use) -> Used:
        value = await scope.secret(arguments.name)
        await scope.log(f"got {value}")
        if arguments.fail:
            raise RuntimeError(f"no good: {value}")
        return Used(text=value)


@dataclass
class Room:
    """A running step."""

    desk: Desk
    step: RunningStep
    logs: LogWriter


@pytest.fixture
async def room(desk: Desk) -> AsyncIterator[Room]:
    platform, redactor = desk.platform, Redactor()
    logs = LogWriter(platform.transactor, desk.lease, 0, redactor)
    step = RunningStep(
        "spill",
        desk.lease,
        checkout=Checkout(path=desk.folder, source_id=desk.lease.execution_id, state="empty", scratch=desk.folder),
        transactor=platform.transactor,
        store=platform.artifacts,
        toolbox=Toolbox(),
        logs=logs,
        clock=platform.clock,
        ledger=desk.ledger(Asked(answer=False)),
        redactor=redactor,
        sandbox=open_sandbox("none"),
        egress=EgressPolicy(),
        room=WaitingRoom(platform.transactor, pause=lambda: None),
        agent="probe",
    )
    command, actor = SetSecret(name="spilled", value=VALUE), platform.owner("tests")
    await platform.transactor.run(lambda uow: use_cases.set_secret(uow, actor, command))
    yield Room(desk, step, logs)
    await logs.close()


async def test_the_value_is_in_no_row_of_any_table(room: Room) -> None:
    assert (await room.step.call(Spill, Use(name="spilled"))).text == HIDDEN
    with pytest.raises(ToolFailure, match=r"no good: \*+$"):
        await room.step.call(Spill, Use(name="spilled", fail=True))
    await room.logs.flush()
    calls = await room.desk.calls()
    assert [call.secrets for call in calls] == [("spilled",), ("spilled",)]
    async with room.desk.platform.engine.connect() as connection:
        names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in list((await connection.execute(names)).scalars()):
            found = text(f'SELECT count(*) FROM "{table}" AS r WHERE r::text LIKE :value')
            assert (await connection.execute(found, {"value": f"%{VALUE}%"})).scalar_one() == 0, table


async def test_one_that_is_not_there_or_was_altered_is_said(room: Room) -> None:
    with pytest.raises(ToolFailure, match="wrenchai secrets set missing"):
        await room.step.call(Spill, Use(name="missing"))
    async with room.desk.platform.engine.begin() as connection:
        altered = text("set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
        await connection.execute(update(secrets).where(secrets.c.name == "spilled").values(wrapped=altered))
    with pytest.raises(AgentFailure, match="was altered") as failed:
        await room.step.call(Spill, Use(name="spilled"))
    assert failed.value.code == "SECRET_UNREADABLE"
