"""``make bench``: prints one Markdown table. Everything runs on loopback, in a data folder of its own."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import uvloop

from benchmarks import broadcast, dispatch, executions, inspector, screen_query
from benchmarks.measure import Row, table
from benchmarks.memory import retrieval
from benchmarks.processes import ground, site
from benchmarks.scale import FULL, SMALL, Scale
from server.logging import configure_logging
from server.settings import LogFormat

ON_GROUND = {
    "screen_query": screen_query.run,
    "dispatch": dispatch.run,
    "broadcast": broadcast.run,
    "inspector": inspector.run,
}
ON_SITE = {"executions": executions.run, "memory": retrieval.run}
"""Those that start workers of their own; a ``wrenchai up`` would be another one."""

NAMES = (*ON_GROUND, *ON_SITE)


async def measured(names: Collection[str], scale: Scale) -> list[Row]:
    """Run the benchmarks of these names on one database."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="wrenchai-bench-", ignore_cleanup_errors=True) as folder:
        async with site(Path(folder), scale) as here:
            if any(name in names for name in ON_GROUND):
                async with ground(here) as running:
                    for name, on_ground in ON_GROUND.items():
                        if name in names:
                            _say(name)
                            rows.extend(await on_ground(running))
            for name, on_site in ON_SITE.items():
                if name in names:
                    _say(name)
                    rows.extend(await on_site(here))
    return rows


async def main(names: Collection[str], scale: Scale) -> None:
    """Print what the benchmarks measured; SIGTERM ends them as Ctrl-C does, with all the processes they started."""
    configure_logging(LogFormat.JSON, "error")
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    rows = await measured(names, scale)
    machine = f"Python {platform.python_version()} on {os.cpu_count()} cores of {platform.machine()}"
    sys.stdout.write(f"{table(rows)}\n\n{machine}\n")


def _say(name: str) -> None:
    sys.stderr.write(f"· {name}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print a Markdown table.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(NAMES)}")
    parser.add_argument("--small", action="store_true", help="a little of everything; the figures mean nothing")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(NAMES))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(NAMES)}")
    try:
        uvloop.run(main(chosen.names or NAMES, SMALL if chosen.small else FULL))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("The benchmarks were interrupted.\n")
        sys.exit(130)
