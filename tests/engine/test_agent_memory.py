"""What an agent remembers: found again, replayed, kept apart, and in no record of the calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest

from agents.contract import Checkout, FoundMemory, ToolFailure
from agents.egress import EgressPolicy
from agents.runtime.log_writer import LogWriter
from agents.runtime.step import RunningStep
from agents.runtime.waiting_room import WaitingRoom
from agents.sandbox.choice import open_sandbox
from agents.toolbox import Toolbox
from domain.errors import LeaseLost
from domain.memory import MemoryPlace, MemoryScope
from domain.redaction import HIDDEN, Redactor
from domain.states import ExecutionStatus
from domain.use_cases import lifecycle, memory
from domain.use_cases.lifecycle import Outcome
from domain.use_cases.memory import EraseMemory, Remember
from tests.engine.test_call_ledger import Asked, Desk, desk
from tests.memory_traces import tables_with

__all__ = ["desk"]


@dataclass
class Minds:
    """A running execution; each run of its step has a ledger of its own, as after a crash."""

    desk: Desk
    redactor: Redactor = field(default_factory=Redactor)
    logs: list[LogWriter] = field(default_factory=list)

    def step(self, agent: str = "probe") -> RunningStep:
        platform, lease = self.desk.platform, self.desk.lease
        self.logs.append(LogWriter(platform.transactor, lease, 0, self.redactor))
        return RunningStep(
            "think",
            lease,
            checkout=Checkout(path=self.desk.folder, source_id=lease.execution_id, state="empty"),
            transactor=platform.transactor,
            store=platform.artifacts,
            toolbox=Toolbox(),
            logs=self.logs[-1],
            clock=platform.clock,
            ledger=self.desk.ledger(Asked(answer=False)),
            redactor=self.redactor,
            sandbox=open_sandbox("none"),
            egress=EgressPolicy(),
            room=WaitingRoom(platform.transactor, pause=lambda: None),
            agent=agent,
        )

    async def erase(self, found: FoundMemory) -> None:
        command, actor = EraseMemory(memory_id=found.id), self.desk.platform.owner("tests")
        await self.desk.platform.transactor.run(lambda uow: memory.erase_memory(uow, actor, command))


async def with_word(step: RunningStep, word: str) -> list[FoundMemory]:
    """What is recalled of this test: what means something alike may be another's."""
    return [one for one in await step.memory.recall(word) if word in one.content]


@pytest.fixture
async def minds(desk: Desk) -> AsyncIterator[Minds]:
    minds = Minds(desk)
    yield minds
    for logs in minds.logs:
        await logs.close()


async def test_what_is_remembered_is_in_no_record_and_erased_without_a_trace(minds: Minds) -> None:
    word = uuid4().hex
    said = f"The payment key is rotated by {word}."
    step = minds.step()
    kept = await step.memory.remember(said, kind="decision", tags=["rotation"], expires_in=timedelta(days=9))
    assert (kept.content, kept.scope, kept.source) == (said, MemoryScope.PROJECT, "agent:probe")
    [found, *_] = await step.memory.recall(f"Who rotates the payment key {word}?")
    assert (found.id, found.content, found.total) == (kept.id, said, 1)
    [remembered, recalled] = await minds.desk.calls()
    assert remembered.arguments == (f'{{"characters":{len(said)},"operation":"remember","scope":"PROJECT"}}',)
    assert [one["id"] for one in remembered.result["memories"]] == [str(kept.id)]
    assert recalled.result["memories"][0]["total"] == 1
    engine = minds.desk.platform.engine
    assert set(await tables_with(engine, word)) == {"memory_index.trigrams", "public.memories"}
    await minds.erase(kept)
    assert await tables_with(engine, word) == []


async def test_a_run_after_a_crash_recalls_the_same_but_for_what_was_erased(minds: Minds) -> None:
    word = uuid4().hex
    first = minds.step()
    texts = [f"{word} number {n}" for n in range(3)]
    kept = [await first.memory.remember(one) for one in texts]
    found = await first.memory.recall(word)
    assert {one.content for one in found if word in one.content} == set(texts)
    again = minds.step()
    assert [(await again.memory.remember(one)).id for one in texts] == [one.id for one in kept]
    await again.memory.remember(f"{word} number 4, which nobody knew then")
    assert [one.model_dump() for one in await again.memory.recall(word)] == [one.model_dump() for one in found]
    await minds.erase(found[0])
    third = minds.step()
    assert [one.id for one in await third.memory.recall(word)] == [one.id for one in found[1:]]
    anew = await third.memory.recall(f"{word} number")
    assert len([one for one in anew if word in one.content]) == 3, "another question is asked anew"


async def test_what_is_put_down_again_has_the_tags_of_both_and_the_newer_kind(minds: Minds) -> None:
    said = f"{uuid4().hex} is signed by hand."
    first = await minds.step().memory.remember(said, kind="decision", tags=["signing"])
    again = await minds.step("liar").memory.remember(said, tags=["build"])
    assert (again.id, again.kind, again.tags) == (first.id, "decision", ["signing", "build"])
    last = await minds.step().memory.remember(said, kind="incident")
    assert (last.id, last.kind, last.tags) == (first.id, "incident", ["signing", "build"])


async def test_an_agent_sees_its_kind_its_project_and_the_workspace(minds: Minds) -> None:
    word = uuid4().hex
    mine = minds.step()
    for scope in MemoryScope:
        await mine.memory.remember(f"{word} for {scope}", scope=scope)
    assert len(await with_word(mine, word)) == 3
    assert {one.scope for one in await mine.memory.recall(word, scope=MemoryScope.AGENT)} == {MemoryScope.AGENT}
    other = minds.step("liar")
    assert {one.scope for one in await with_word(other, word)} == {MemoryScope.PROJECT, MemoryScope.WORKSPACE}


async def test_an_agent_forgets_what_is_its_own_and_nothing_else(minds: Minds) -> None:
    word = uuid4().hex
    platform = minds.desk.platform
    place = MemoryPlace(scope=MemoryScope.WORKSPACE)
    actor = platform.owner("tests")
    command = Remember(place=place, content=f"{word} by a person")
    by_person = (await platform.transactor.run(lambda uow: memory.remember(uow, actor, command))).memory
    mine = await minds.step().memory.remember(f"{word} by the probe")
    for agent, wanted in (("liar", mine.id), ("probe", by_person.id), ("probe", uuid4())):
        with pytest.raises(ToolFailure, match="no memory of yours"):
            await minds.step(agent).memory.forget(wanted)
    step = minds.step()
    await step.memory.forget(mine.id)
    assert [one.id for one in await with_word(step, word)] == [by_person.id]
    await minds.step().memory.forget(mine.id)  # a run after a crash: it is on record


async def test_secrets_are_taken_out_of_what_is_remembered(minds: Minds) -> None:
    minds.redactor.learn("correct horse battery")
    kept = await minds.step().memory.remember("The password is correct horse battery, do not tell.")
    assert kept.content == f"The password is {HIDDEN}, do not tell."


@pytest.mark.parametrize("wrong", ["", "x" * 16_001, "a\0b"], ids=["empty", "long", "nul"])
async def test_what_cannot_be_remembered_fails_without_repeating_it(minds: Minds, wrong: str) -> None:
    with pytest.raises(ToolFailure) as failed:
        await minds.step().memory.remember(wrong)
    assert "xxx" not in str(failed.value)


async def test_a_worker_that_has_lost_its_execution_remembers_nothing(minds: Minds) -> None:
    word = uuid4().hex
    step = minds.step()
    ended = Outcome(status=ExecutionStatus.CANCELLED)
    transactor = minds.desk.platform.transactor
    await transactor.run(lambda uow: lifecycle.finish_execution(uow, minds.desk.lease, ended))
    with pytest.raises(LeaseLost):
        await step.memory.remember(f"{word} too late")
    assert await tables_with(minds.desk.platform.engine, word) == []
