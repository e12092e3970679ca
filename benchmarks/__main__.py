"""``make bench``: prints one Markdown table. Everything runs on loopback, in a data folder of its own."""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import broadcast, dispatch, inspector, screen_query
from benchmarks.measure import Row, table
from benchmarks.processes import ground
from server.logging import configure_logging
from server.settings import LogFormat


async def main() -> None:
    """Run every benchmark on one platform and print what they measured."""
    configure_logging(LogFormat.JSON, "error")
    with tempfile.TemporaryDirectory(prefix="wrenchai-bench-", ignore_cleanup_errors=True) as folder:
        async with ground(Path(folder)) as here:
            rows: list[Row] = []
            for benchmark in (screen_query, dispatch, broadcast, inspector):
                sys.stderr.write(f"· {benchmark.__name__.rsplit('.', 1)[-1]}\n")
                rows.extend(await benchmark.run(here))
    sys.stdout.write(f"{table(rows)}\n\nPython {platform.python_version()} on {platform.machine()}\n")


if __name__ == "__main__":
    asyncio.run(main())
