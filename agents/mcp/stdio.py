"""A server that is a program: a process of the execution's, spoken to over its standard input and output.

The SDK's own transport is not used: it knows nothing of a worker that is killed, and passes on the environment of ours.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from agents.homes import temporary_home
from agents.measured_process import MeasuredProcess
from agents.process_family import ProcessFamily, die_with_parent
from agents.processes import GRACE, ProcessNotStarted, clean_environment

LONGEST_LINE = 16 * 2**20
"""Bytes of one message of a server; a longer one ends the connection."""
MOST_COMPLAINT = 4_000
"""Characters of what a server wrote to its standard error that are remembered: the last ones."""
PATIENCE = 1.0
"""Seconds that the complaints of one that has ended are waited for."""

Incoming: TypeAlias = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing: TypeAlias = MemoryObjectSendStream[SessionMessage]


class Complaints:
    """The last of what a server wrote to its standard error: it tells why it does not answer.

    It begins with a whole line: a secret of which the beginning was lost could not be told from other text.
    """

    def __init__(self) -> None:
        self._text = ""
        self._lost = False

    def add(self, line: bytes) -> None:
        """One more line, or a part of one."""
        text = self._text + line.decode("utf-8", errors="replace")
        self._lost = self._lost or len(text) > MOST_COMPLAINT
        self._text = text[-MOST_COMPLAINT:]

    def __str__(self) -> str:
        text = self._text.partition("\n")[2] if self._lost else self._text
        return text.strip()


@asynccontextmanager
async def stdio_transport(
    command: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], complaints: Complaints
) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    """Run the program while the context is entered; when it is left, nothing of its family is there any more.

    Its environment is that of every program, and ``env``: nothing of the worker's. It is in a session of its own, dies
    with the worker, and what it started is found by its mark. Enter it from the event loop of the main thread.

    Raises:
        ProcessNotStarted: there is no such program, or it cannot be started in ``cwd``.
    """
    family = ProcessFamily.new()
    with temporary_home() as home:
        environment = {**clean_environment(home), **env, **family.marker}
        process = _start(command, arguments, cwd, environment)
        family.leader = process.pid
        try:
            async with _spoken_to(process, complaints) as streams:
                yield streams
        finally:
            await _ended(family, process)


def _start(command: str, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]) -> MeasuredProcess:
    program = shutil.which(command, path=env["PATH"])
    if program is None:
        raise ProcessNotStarted(f"There is no program {command!r} on this machine.")
    try:
        return MeasuredProcess(
            program,
            *arguments,
            cwd=cwd,
            env=env,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProcessNotStarted(f"{command} cannot be started in {cwd}: {reason}.") from error


@asynccontextmanager
async def _spoken_to(process: MeasuredProcess, complaints: Complaints) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    """The pipes of the process as streams of messages."""
    came, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_write = anyio.create_memory_object_stream[SessionMessage](0)
    async with _pipes(process) as (output, errors, writer):
        reading = asyncio.create_task(_read(output, came))
        listening = asyncio.create_task(_listen(errors, complaints))
        working = [reading, listening, asyncio.create_task(_write(to_write, writer))]
        try:
            yield incoming, outgoing
        finally:
            if reading.done():  # it has ended by itself: what it complained of is the reason
                await asyncio.wait({listening}, timeout=PATIENCE)
            for one in working:
                one.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            incoming.close()
            outgoing.close()


async def _read(output: asyncio.StreamReader, came: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    async with came:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while line := await _line(output):
                await came.send(_message(line))


async def _write(to_write: MemoryObjectReceiveStream[SessionMessage], writer: asyncio.StreamWriter) -> None:
    async with to_write:
        with suppress(OSError):
            async for one in to_write:
                text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                writer.write(text.encode() + b"\n")
                await writer.drain()


async def _listen(errors: asyncio.StreamReader, complaints: Complaints) -> None:
    while part := await errors.read(1 << 12):
        complaints.add(part)


@asynccontextmanager
async def _pipes(
    process: MeasuredProcess,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Its output, its errors and its input; they are closed when the context is left."""
    loop = asyncio.get_running_loop()
    stdin, stdout, stderr = process.pipes
    output, errors = (asyncio.StreamReader(limit=LONGEST_LINE) for _ in range(2))
    reading = [
        (await loop.connect_read_pipe(partial(asyncio.StreamReaderProtocol, reader), pipe))[0]
        for reader, pipe in ((output, stdout), (errors, stderr))
    ]
    transport, protocol = await loop.connect_write_pipe(
        partial(asyncio.StreamReaderProtocol, asyncio.StreamReader()), stdin
    )
    try:
        yield output, errors, asyncio.StreamWriter(transport, protocol, None, loop)
    finally:
        transport.close()
        for one in reading:
            one.close()


async def _line(output: asyncio.StreamReader) -> bytes:
    """The next message; nothing when there is none any more, or when it is too long to be one."""
    with suppress(ValueError):
        return await output.readline()
    return b""


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _ended(family: ProcessFamily, process: MeasuredProcess) -> None:
    """Wait until everybody is gone, even when we are cancelled meanwhile."""

    async def end() -> None:
        await family.end(GRACE)
        await process.wait()

    ending = asyncio.create_task(end())
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError as error:
            cancelled = error
    ending.result()
    if cancelled is not None:
        raise cancelled
