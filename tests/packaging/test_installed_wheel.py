"""The wheel in an empty environment outside the checkout: it starts, answers and stops."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.packaging.checkout import ROOT
from tests.packaging.installed import environment_of, fetch, free_port, is_ready, processes_of, up, wait_until

pytestmark = [pytest.mark.verify, pytest.mark.timeout(900)]


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
