"""Work on data that nobody has vouched for, in a process of its own with limits on time and memory.

What is run is a module of ours, which reads a JSON document from standard input and writes one: ``{"answer": …}``, or
``{"refused": "a sentence"}`` for data that it will not or cannot work on. See :func:`serve`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from agents.contract import ToolFailure, ToolScope, ToolTimedOut
from agents.processes import ProcessNotStarted, ProcessTimedOut, run

MOST_ANSWERED = 64 * 2**20
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
"""Threads of libraries for numbers reserve memory, each as if it were alone."""


class Refused(Exception):
    """The data is not what it should be, or too much. The message is a sentence."""


async def bounded(
    scope: ToolScope, module: str, request: Mapping[str, Any], *, timeout: timedelta, max_memory: int
) -> Any:
    """What the module answers.

    Raises:
        ToolTimedOut: it took too long.
        ToolFailure: it refused the data, needed more memory than it may have, or broke.
    """
    name = module.rpartition(".")[2].replace("_", " ")
    try:
        done = await run(
            Path(sys.executable),
            ["-I", "-m", module],
            cwd=scope.scratch,
            env=ONE_THREAD,
            stdin=json.dumps(request).encode(),
            timeout=timeout,
            max_output=MOST_ANSWERED,
            max_memory=max_memory,
        )
    except ProcessTimedOut as error:
        raise ToolTimedOut(
            f"The {name} took longer than {timeout.total_seconds():g} seconds and was ended: the data is too large for "
            "it, or made to keep it busy."
        ) from error
    except ProcessNotStarted as error:
        raise ToolFailure(str(error)) from error
    scope.measured(exit_code=done.exit_code, cpu_seconds=done.cpu_seconds)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = {}
    if "refused" in said:
        raise ToolFailure(str(said["refused"]))
    if done.exit_code != 0 or "answer" not in said:
        reason = "answered more than it may" if done.truncated else f"ended with exit code {done.exit_code}"
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:500]
        raise ToolFailure(f"The {name} {reason} on this data, perhaps for want of memory: {last}")
    return said["answer"]


def serve(work: Callable[[Mapping[str, Any]], Any]) -> None:
    """Be the process: read the request, do the work, write what came of it."""
    request = json.loads(sys.stdin.buffer.read())
    try:
        said = {"answer": work(request)}
    except Refused as refused:
        said = {"refused": str(refused)}
    except MemoryError:
        said = {"refused": "It needs more memory than it may have: the data is too large."}
    except RecursionError:
        said = {"refused": "It is nested too deeply."}
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=True, allow_nan=False).encode())
