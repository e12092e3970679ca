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
    remove = ["rm", "-rf", "--", str(folder)]
    if subprocess.run(remove, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        # Folders in it that their owner may not enter: programs of users leave such things behind.
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], capture_output=True, check=False)
        subprocess.run(remove, stdin=subprocess.DEVNULL, capture_output=True, check=False)
