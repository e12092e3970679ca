"""A worker that runs something in a sandbox until it is killed.

python -m tests.sandbox.doomed_worker ACCOUNT KIND SCRATCH
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from agents.contract.sandbox import SandboxLimits
from agents.sandbox.candidates import candidates
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.places import interpreter_places
from tests.sandbox.siege import become_nobody

PROGRAM = """
import os, subprocess, sys, time
stay = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(600)"
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", stay, sys.argv[1]], start_new_session=True, env={})
time.sleep(600)
"""


def main(account: str, kind: str, scratch: str) -> None:
    """Run it; the caller kills us."""
    if account == "nobody":
        become_nobody()
    sandbox = KeptSandbox(next(one for one in candidates("auto") if one.label == kind))
    command = [sys.executable, "-c", PROGRAM, scratch]
    limits = SandboxLimits(timeout=timedelta(minutes=5))
    asyncio.run(sandbox.run(command, source=None, scratch=Path(scratch), read_only=interpreter_places(), limits=limits))


if __name__ == "__main__":
    main(*sys.argv[1:])
