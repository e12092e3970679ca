"""``wrenchai db …`` as a user runs it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults.platform_processes import PROGRAM


@dataclass(frozen=True)
class Done:
    """How a command ended. ``said`` is what it wrote to standard error."""

    code: int
    output: bytes
    said: str


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command on a data folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    return {**clean, "WRENCHAI_DATA_DIR": str(data_dir), **settings}


async def db(
    data_dir: Path,
    *arguments: str | Path,
    settings: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Done:
    """Run a command to its end. ``before`` is called in the child, for limits."""
    done = await asyncio.to_thread(
        subprocess.run,
        [PROGRAM, "db", *arguments],
        env=environment(data_dir, settings or {}),
        cwd=data_dir.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=before,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())
