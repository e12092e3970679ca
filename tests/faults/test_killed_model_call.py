"""A worker is killed while it waits for a language model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import lines_of
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.models.asking import connect, give, of_kind, seen
from tests.models.provider import Provider, Say, serving

QUESTIONS = ("one?", "two?", "three?", "four?", "five?")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as provider:
        yield provider


@pytest.mark.verify
async def test_answers_that_were_given_are_not_asked_for_again(
    ground: Ground, caller: GraphQLClient, folder: Path, provider: Provider
) -> None:
    never = asyncio.Event()
    provider.plan("three?", Say(("Half of ", "it."), gate=never), Say(("All of ", "it.")))
    journal = folder / "answers"
    await connect(caller, provider.url, "durable")
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        _, node_id = await give(caller, *QUESTIONS, journal=str(journal))

        async def is_half_said() -> bool:
            return any(one["text"] == "Half of " for one in of_kind(await seen(caller, node_id), "ModelSpoke"))

        await until(is_half_said, 30, "half of the third answer is in the events")
        await worker.kill()
    assert [one.prompt for one in provider.asked] == ["one?", "two?", "three?"]
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        await ground.checker.until_status(decode_as("Execution", node_id), "SUCCEEDED", LEASE + 20)
        # The third was under way: nobody knows what it would have said. The first two are never asked for again.
        assert [one.prompt for one in provider.asked] == ["one?", "two?", "three?", "three?", "four?", "five?"]
        said = ["You said: one?", "You said: two?"]
        rest = ["All of it.", "You said: four?", "You said: five?"]
        assert await lines_of(journal) == [*said, *said, *rest]
        execution = await seen(caller, node_id)
        assert execution["result"]["data"]["answers"] == [*said, *rest]
        calls = [(one["state"], one["attempt"]) for one in execution["toolCalls"]["nodes"]]
        assert calls == [
            *[("SUCCEEDED", 1)] * 2,
            ("INTERRUPTED", 1),
            ("SUCCEEDED", 2),
            *[("SUCCEEDED", 1)] * 2,
        ]
        # What it had begun is charged at its worst, and everything else once.
        assert all(one["reserved"] == "0" for one in execution["usage"]["totals"]["units"])
        spent = {
            one["unit"]: int(one["spent"]) for one in execution["usage"]["totals"]["units"] if "TOKENS" in one["unit"]
        }
        assert spent["OUTPUT_TOKENS"] == 4 * 3 + 2 + 4_096
        await ground.checker.nothing_is_left()
