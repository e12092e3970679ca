"""A private copy of the files an engine shall see: without the repository's configuration, links and caches."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def staged(root: Path, paths: Iterable[str]) -> AsyncIterator[Path]:
    """A temporary folder that holds copies of ``paths`` (relative to ``root``) and nothing else.

    Tools look for configuration in their working directory and above it: started here they find none, and what they
    write (caches, fixes) never reaches the checkout.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="wrenchai-inspector-"))
    try:
        await asyncio.to_thread(_copy, root, folder, list(paths))
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _copy(root: Path, folder: Path, paths: list[str]) -> None:
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target)
