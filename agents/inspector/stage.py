"""A private view of the files an engine shall see: without the repository's configuration, links and caches."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event


@asynccontextmanager
async def staged(
    root: Path, paths: Iterable[str], scratch: Path | None = None, *, changed: bool = False
) -> AsyncIterator[Path]:
    """A temporary folder below ``scratch`` that holds ``paths`` (relative to ``root``) and nothing else.

    Tools look for configuration in their working directory and above it: started here they find none, and what they
    write (caches, reports) never reaches the checkout. The files are hard links where the file system allows it, since
    copying a large source for every engine takes longer than some engines do; with ``changed`` they are copies, for a
    tool that writes into them.
    """
    folder = Path(tempfile.mkdtemp(prefix="wrenchai-inspector-", dir=scratch))
    stop = Event()
    copying = asyncio.create_task(asyncio.to_thread(_fill, root, folder, list(paths), stop, changed))
    try:
        await asyncio.shield(copying)
        yield folder
    finally:
        # A thread cannot be cancelled: it has to end before its folder goes, or it would write a new one.
        stop.set()
        await asyncio.wait([copying])
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _fill(root: Path, folder: Path, paths: list[str], stop: Event, changed: bool) -> None:
    links = not changed
    made: set[Path] = set()
    for path in paths:
        if stop.is_set():
            return
        source, target = root / path, folder / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        links = links and _linked(source, target)
        if not links:
            shutil.copyfile(source, target)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, one without links, or a file of somebody else's
        return False
    return True
