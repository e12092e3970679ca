"""Ends what a test run leaves behind when it is killed: database servers in its folders, which outlive their users.

The warden is a process of its own. It learns of its ward's end from the end of a pipe, so no way to die escapes it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

import psutil

PATIENCE = 10.0


def watch(folder: Path, *, remove: bool) -> None:
    """When this process has ended, end the servers that still run in the folder; ``remove`` it too if it is there."""
    pipe = _pipe()
    pipe.write(f"{int(remove)}{folder.resolve()}\n".encode())
    pipe.flush()


@cache
def _pipe() -> IO[bytes]:
    # In a session of its own: Ctrl-C at the terminal is for the tests.
    warden = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, start_new_session=True)
    assert warden.stdin is not None
    return warden.stdin


def _servers_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "postgres" in process.name() and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def _clear(folder: Path, *, remove: bool) -> None:
    servers = _servers_in(folder)
    for server in servers:
        with suppress(psutil.Error):
            server.kill()
    psutil.wait_procs(servers, PATIENCE)
    if remove:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for line in [line.decode().rstrip("\n") for line in sys.stdin.buffer]:
        _clear(Path(line[1:]), remove=line[0] == "1")
