"""The wheel in an empty environment outside the checkout: it starts, answers and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.packaging.checkout import ROOT

pytestmark = [pytest.mark.verify, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a new environment that has the wheel and what it needs, at the pinned versions."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    subprocess.run(
        [
            environment / "bin/python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
            "--constraint", ROOT / "constraints.txt", wheel,
        ],
        cwd=environment, check=True, timeout=600,
    )  # fmt: skip
    subprocess.run([environment / "bin/python", "-m", "pip", "check"], check=True, timeout=60)
    return environment / "bin"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the embedded server can pass, also as root."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-wheel-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


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


def test_wheel_starts_answers_and_stops(programs: Path, folder: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with up(programs, folder, port) as process:
        wait_until(lambda: process.poll() is not None or is_ready(address), 120, "the start")
        assert process.poll() is None, (folder / "log").read_text()
        assert json.loads(fetch(f"{address}/readyz")[1])["status"] == "ok"
        status, page = fetch(f"{address}/console")
        assert status == 200
        assert "<title>" in page
        assert fetch(f"{address}/errors/NOT_FOUND")[1].startswith("# NOT_FOUND")
        assert "type Query" in fetch(f"{address}/schema.graphql")[1]
        answered = subprocess.run(
            [programs / "wrenchai", "graphql", "{ viewer { name } }"],
            cwd=folder, env=environment_of(folder, port), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert answered.returncode == 0, answered.stderr
        assert json.loads(answered.stdout)["data"]["viewer"]["name"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, (folder / "log").read_text()
    assert processes_of(folder / "data") == []


def test_wheel_audits_its_sample(programs: Path, folder: Path) -> None:
    (sample,) = programs.parent.glob("lib/python*/site-packages/server/samples/bookshop")
    audited = subprocess.run(
        [programs / "wrenchai", "audit", str(sample), "--format", "json", "--sarif", str(folder / "audit.sarif")],
        cwd=folder, env=environment_of(folder, free_port()), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert audited.returncode == 1, audited.stderr
    execution = json.loads(audited.stdout)
    expected = json.loads((ROOT / "server/samples/bookshop.expected.json").read_text())
    # ShellCheck is an extra: it may or may not be on this machine.
    planted = {(one["engine"], one["rule"], one["path"]) for one in expected if one.get("engine", "shell") != "shell"}
    nodes = [edge["node"] for edge in execution["findings"]["edges"]]
    found = [node for node in nodes if node["engine"] != "shell"]
    assert execution["status"] == "SUCCEEDED"
    assert {(one["engine"], one["rule"], one["location"]["path"]) for one in found} == planted
    assert json.loads((folder / "audit.sarif").read_text())["version"] == "2.1.0"
    assert processes_of(folder / "data") == []
