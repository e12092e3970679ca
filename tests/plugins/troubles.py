"""Errors that the probe runs into when a test tells it to: real ones, from the network, the system and tools."""

from __future__ import annotations

import errno
import os
from importlib import import_module
from pathlib import Path

import httpx
from pydantic import BaseModel

from agents.contract import AgentFailure, Alternative, Step

leavings = import_module("leavings")

FAILS = ("-c", "import sys; sys.exit('told to fail')")
WORKS = ("-c", "print('stood in')")


class _Number(BaseModel):
    value: int


async def have(step: Step, trouble: str) -> None:
    """Run into the trouble: ``fetch URL``, or the name of one."""
    kind, _, rest = trouble.partition(" ")
    if kind == "fetch":
        async with httpx.AsyncClient(trust_env=False, timeout=0.4) as http:
            (await http.get(rest)).raise_for_status()
    elif kind == "tool":
        await _tool(step, rest)
    elif kind == "leave":
        await leavings.leave(rest)
    else:
        _raise(kind)


async def _tool(step: Step, which: str) -> None:
    stand_in = Alternative("python", arguments=WORKS)
    name = "no-such-tool" if which.startswith("missing") else "python"
    done = await step.tool(
        name,
        FAILS,
        cwd=Path("/"),
        alternatives=[] if which.endswith("alone") else [Alternative("no-such-tool-either"), stand_in],
    )
    await step.log(f"{done.tool}: {done.stdout}")


def _raise(kind: str) -> None:
    if kind == "memory":
        raise MemoryError
    if kind == "disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if kind == "input":
        _Number.model_validate({"value": "none"})
    if kind == "refusal":
        raise AgentFailure("this cannot be done")
    if kind == "several":
        raise ExceptionGroup("side by side", [TimeoutError("slow"), MemoryError()])
    raise KeyError(kind)
