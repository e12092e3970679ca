"""A private copy of the files an engine shall see: without the repository's configuration, links and caches."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event


@asynccontextmanager
async def staged(root: Path, paths: Iterable[str]) -> AsyncIterator[Path]:
    """A temporary folder that holds copies of ``paths`` (relative to ``root``) and nothing else.

    Tools look for configuration in their working directory and above it: started here they find none, and what they
    write (caches, fixes) never reaches the checkout.
    """
    folder = Path(tempfile.mkdtemp(prefix="wrenchai-inspector-"))
    stop = Event()
    copying = asyncio.create_task(asyncio.to_thread(_copy, root, folder, list(paths), stop))
    try:
        await asyncio.shield(copying)
        yield folder
    finally:
        # A thread cannot be cancelled: it has to end before its folder goes, or it would write a new one.
        stop.set()
        await asyncio.wait([copying])
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _copy(root: Path, folder: Path, paths: list[str], stop: Event) -> None:
    for path in paths:
        if stop.is_set():
            return
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target)
