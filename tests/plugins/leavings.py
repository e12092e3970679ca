"""Ways of an agent to leave that are none: what it raises is meant to end a process or a task."""

from __future__ import annotations

import asyncio
import sys

from agents.contract import AgentFailure


class _Own(BaseException):
    """An exception of the agent's own that is no error."""


async def leave(how: str) -> None:
    """Leave in the way of that name."""
    if how == "in a task":
        await asyncio.create_task(_exit())
    elif how == "in a group":
        async with asyncio.TaskGroup() as group:
            group.create_task(_exit())
            group.create_task(asyncio.sleep(60))
    elif how == "in a thread":
        await asyncio.to_thread(sys.exit, 3)
    elif how == "cancelling itself":
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)
    _raise(how)


async def _exit() -> None:
    sys.exit(3)


def _raise(how: str) -> None:
    if how == "by interrupt":
        raise KeyboardInterrupt
    if how == "by its own":
        raise _Own("enough")
    if how == "cancelled":
        raise asyncio.CancelledError
    if how == "without a code":
        failure = AgentFailure("enough")
        failure.code = "A\0B"
        raise failure
    if how == "with a wrong code":
        raise AgentFailure("enough", code="\ud800")
    sys.exit(3)
