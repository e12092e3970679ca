"""Tasks that an agent begins are contained, and are still tasks to those who look at them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from inspect import CORO_CLOSED, CORO_CREATED, CORO_SUSPENDED, getcoroutinestate
from typing import Any, cast

from agents.runtime.containment import agent_at_work, contain_tasks


def state_of(task: asyncio.Task[Any]) -> str:
    return getcoroutinestate(cast("Coroutine[Any, Any, Any]", task.get_coro()))


def test_it_can_be_seen_how_far_they_are() -> None:
    async def work() -> list[str]:
        contain_tasks(asyncio.get_running_loop())
        agent_at_work()
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(wait())
        seen = [state_of(task)]
        await begun.wait()
        seen.append(state_of(task))
        task.cancel()
        await asyncio.wait([task])
        return [*seen, state_of(task)]

    assert asyncio.run(work()) == [CORO_CREATED, CORO_SUSPENDED, CORO_CLOSED]
