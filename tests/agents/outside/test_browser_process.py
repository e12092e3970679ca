"""The browser's processes go with the call, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from agents.tools.browser.tools import Browser
from tests.agents.outside.conftest import Bench
from tests.agents.outside.test_browser import Site, site

__all__ = ["site"]

WORKER = """
import asyncio, sys
from pathlib import Path
from tests.agents.outside.conftest import Bench
from agents.tools.browser.tools import Browser

bench = Bench(Path(sys.argv[1]), allow=(sys.argv[2].partition("//")[2],))
actions = [{"kind": "navigate", "url": sys.argv[2] + "/endless"}]
asyncio.run(bench.call(Browser, actions=actions, timeout_seconds=300, load_seconds=120))
"""
PATIENCE = 60


def family_of(worker: int) -> list[psutil.Process]:
    """The processes below the worker."""
    return psutil.Process(worker).children(recursive=True)


def left_of(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there."""
    return psutil.wait_procs(family, timeout=PATIENCE)[1]


@pytest.mark.verify
async def test_the_browser_is_gone_when_its_worker_was_killed(site: Site, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, str(tmp_path), site.address, env={**os.environ, "PYTHONPATH": root}
    )
    async with asyncio.timeout(PATIENCE):
        await site.loading.wait()
    family = family_of(worker.pid)
    assert any("chrom" in one.name() for one in family)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    assert await asyncio.to_thread(left_of, family) == []


@pytest.mark.verify
async def test_the_browser_is_gone_when_its_call_was_cancelled(bench: Bench, site: Site) -> None:
    actions = [{"kind": "navigate", "url": f"{site.address}/endless"}]
    calling = asyncio.create_task(bench.call(Browser, actions=actions, timeout_seconds=300, load_seconds=120))
    async with asyncio.timeout(PATIENCE):
        await site.loading.wait()
    family = [one for one in family_of(os.getpid()) if "program" in " ".join(one.cmdline()) or "chrom" in one.name()]
    assert any("chrom" in one.name() for one in family)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert left_of(family) == []
    assert list(bench.folder.iterdir()) == []
