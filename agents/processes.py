"""Run one program of a tool: bounded in time and output, and never left behind."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from agents.homes import temporary_home
from agents.measured_process import MeasuredProcess
from agents.output import BoundedOutput
from agents.process_family import ProcessFamily, die_with_parent

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """What a program did. Output is decoded as UTF-8, what cannot be is replaced; ``truncated``: some was dropped.

    ``exit_code`` is negative when a signal ended the program (``-9`` for SIGKILL). ``cpu_seconds`` is what it took of
    the processor, with the descendants that were waited for.
    """

    exit_code: int
    stdout: str
    stderr: str
    duration: timedelta
    cpu_seconds: float
    truncated: bool


class ProcessNotStarted(Exception):
    """The program could not be started. The message is one sentence that says why."""


class ProcessTimedOut(Exception):
    """The program ran out of its time and is gone. ``result`` holds what it had written until then."""

    def __init__(self, message: str, result: ProcessResult) -> None:
        super().__init__(message)
        self.result = result


async def run(
    program: Path,
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: timedelta,
    max_output: int,
    max_memory: int | None = None,
    on_gone: Callable[[], None] | None = None,
) -> ProcessResult:
    """Run ``program`` without a shell, in a session of its own, and wait until it and its descendants are gone.

    The environment is ours (``clean_environment``, with a home that exists only meanwhile) plus ``env``. Of each stream
    at most ``max_output`` bytes are kept, the rest is read and dropped. On timeout and on cancellation the whole family
    gets SIGTERM and, 2 seconds later, SIGKILL; only then does this return, so a caller knows that the process is gone.
    ``max_memory`` is how many bytes each of its processes may have; asking for more fails (where the system can do it).
    ``on_gone`` is called at that moment, whatever the end.

    Call it from the event loop of the main thread: the kernel ends the program when the *thread* that started it ends,
    so that a killed worker leaves nothing behind, and a short-lived thread would take its programs with it.

    Raises:
        ProcessNotStarted: there is no such program or folder, or it is not executable.
        ProcessTimedOut: it took longer than ``timeout``.
    """
    family = ProcessFamily.new()
    started = time.monotonic()
    with (
        BoundedOutput(max_output) as stdout,
        BoundedOutput(max_output) as stderr,
        _as_file(stdin) as source,
        temporary_home() as home,
    ):
        environment = {**clean_environment(home), **(env or {}), **family.marker}
        before_exec = _before_exec(max_memory)
        process = _start(program, arguments, cwd, environment, source, (stdout.writer, stderr.writer), before_exec)
        family.leader = process.pid
        stdout.read_until_closed()
        stderr.read_until_closed()
        timed_out = False
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await process.wait()
        except TimeoutError:
            timed_out = True
        finally:
            await _unhurried(_end(family, process, stdout, stderr, on_gone))
        result = ProcessResult(
            exit_code=process.returncode if process.returncode is not None else -9,
            stdout=stdout.text(),
            stderr=stderr.text(),
            duration=timedelta(seconds=time.monotonic() - started),
            cpu_seconds=process.cpu_seconds,
            truncated=stdout.truncated or stderr.truncated,
        )
    if timed_out:
        seconds = timeout.total_seconds()
        raise ProcessTimedOut(f"{program.name} took longer than {seconds:g} seconds and was ended.", result)
    return result


def clean_environment(home: Path) -> dict[str, str]:
    """The environment of every program: our programs first on the PATH, ``home`` for its home and its temporary files,
    and no secret."""
    path = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    places = {"PATH": path, "HOME": str(home), "TMPDIR": str(home)}
    return {**places, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TZ": "UTC"}


def _start(
    program: Path,
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    source: IO[bytes],
    outputs: tuple[int, int],
    before_exec: Callable[[], None] | None,
) -> MeasuredProcess:
    try:
        return MeasuredProcess(
            program,
            *arguments,
            cwd=cwd,
            env=env,
            stdin=source,
            stdout=outputs[0],
            stderr=outputs[1],
            start_new_session=True,
            preexec_fn=before_exec,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProcessNotStarted(f"{program} cannot be started in {cwd}: {reason}.") from error


def _before_exec(max_memory: int | None) -> Callable[[], None] | None:
    tie = die_with_parent(os.getpid())
    if max_memory is None or not sys.platform.startswith("linux"):
        return tie

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
        if tie is not None:
            tie()

    return limited


async def _end(
    family: ProcessFamily,
    process: MeasuredProcess,
    stdout: BoundedOutput,
    stderr: BoundedOutput,
    on_gone: Callable[[], None] | None,
) -> None:
    await family.end(GRACE)
    await process.wait()
    await stdout.closed()
    await stderr.closed()
    if on_gone is not None:
        on_gone()


async def _unhurried(ending: Coroutine[None, None, None]) -> None:
    """Wait for the end even when we are cancelled meanwhile, and be cancelled only then."""
    task = asyncio.create_task(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


def _as_file(stdin: bytes | None) -> IO[bytes]:
    # A file and not a pipe: nobody has to feed it, and a program that does not read it cannot block us.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's with statement closes it
    file.write(stdin or b"")
    file.seek(0)
    return file
