"""``make bench PROFILE=1``: where the CPU goes while the screen query and the point query are answered.

Server and client are one process here, and a signal of its CPU clock looks at the frame that is being executed. What
the client itself costs is left out.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvloop

from benchmarks.http_connection import connections, post
from benchmarks.parts import CLIENT, part_of
from benchmarks.processes import site
from benchmarks.questions import POINT, SCREEN, Question
from benchmarks.scale import FULL, SMALL, Scale
from server.logging import configure_logging
from server.process import running
from server.security.local_token import LocalToken
from server.settings import LogFormat

ROOT = str(Path(__file__).parents[1])
EVERY = 0.001
"""Seconds of CPU between two looks; the kernel may round it up to its tick, which changes no share."""


async def profiled(scale: Scale, seconds: float) -> str:
    """The shares of both questions, each as a Markdown table."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-profile-", ignore_cleanup_errors=True) as folder:
        async with (
            site(Path(folder), scale) as here,
            running(here.platform.settings, api=True, worker=False, migrate=False) as served,
        ):
            token = LocalToken.read(here.platform.settings.data_dir).value
            headers = {"authorization": f"Bearer {token}"}
            address = f"{served.address}/graphql"
            return "\n\n".join(
                [
                    await _profile(name, address, question, headers, seconds)
                    for name, question in (("screen query", SCREEN), ("task by id", POINT))
                ]
            )


async def _profile(name: str, address: str, question: Question, headers: dict[str, str], seconds: float) -> str:
    request = post(address, question.content, headers)
    with connections(address, 1) as (connection,):
        for _ in range(5):
            question.read(await connection.send(request))
        with _looking() as seen:
            began, until, done = time.process_time(), time.monotonic() + seconds, 0
            while time.monotonic() < until:
                await connection.send(request)
                done += 1
            spent = (time.process_time() - began) / done * 1000
    return _table(name, seen, spent)


@contextmanager
def _looking() -> Iterator[Counter[str]]:
    seen: Counter[str] = Counter()

    def look(_number: int, frame: FrameType | None) -> None:
        seen[part_of(frame, ROOT)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield seen
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _table(name: str, seen: Counter[str], milliseconds: float) -> str:
    """``milliseconds`` of CPU, the client's included, are what one request takes."""
    looks = seen.total()
    server = looks - seen.pop(CLIENT, 0)
    each = milliseconds * server / looks
    lines = [f"| {name}: {each:.1f} ms of CPU | share | ms |", "|---|---|---|"]
    lines += [f"| {part} | {n / server:.0%} | {each * n / server:.2f} |" for part, n in seen.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    configure_logging(LogFormat.JSON, "error")
    small = "--small" in sys.argv[1:]
    sys.stdout.write(uvloop.run(profiled(SMALL if small else FULL, 2.0 if small else 10.0)) + "\n")
