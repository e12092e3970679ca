"""Remove a tree of somebody else's making."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path


async def remove(folder: Path) -> None:
    """Remove a folder with all that is in it; one that is not there is fine. Cancelling does not interrupt it."""
    await asyncio.shield(asyncio.to_thread(_remove, folder))


def _remove(folder: Path) -> None:
    # Not shutil.rmtree: it descends by recursion, and a tree can be deeper than Python's stack.
    subprocess.run(["rm", "-rf", "--", str(folder)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
