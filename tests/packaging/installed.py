"""What is installed in an environment of its own, started as its users start it."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(folder: Path, port: int) -> dict[str, str]:
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("WRENCHAI_", "PYTHON", "VIRTUAL"))
    }
    return {**ours, "WRENCHAI_DATA_DIR": str(folder / "data"), "WRENCHAI_PORT": str(port)}


def fetch(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.status, response.read().decode()


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} took longer than {seconds} seconds"
        time.sleep(0.1)


def is_ready(address: str) -> bool:
    try:
        return fetch(f"{address}/readyz")[0] == 200
    except OSError:
        return False


def processes_of(data_dir: Path) -> list[str]:
    living = (one for one in psutil.process_iter(["cmdline", "status"]) if one.info["status"] != psutil.STATUS_ZOMBIE)
    commands = (" ".join(one.info["cmdline"] or []) for one in living)
    return [command for command in commands if str(data_dir) in command]


@contextmanager
def up(programs: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "wrenchai", "up"], cwd=folder, env=environment_of(folder, port), stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
