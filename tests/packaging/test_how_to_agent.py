"""Who follows the how-to in an empty folder has an agent that works, is tested, and is in the graph."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.checkout import ROOT
from tests.packaging.how_to_agent import PAGE, write_agent
from tests.packaging.installed import environment_of, free_port, is_ready, up, wait_until
from tests.packaging.test_documents import blocks

PROJECT = """mutation ($path: String!) {
  createProject(input: { key: "LH", name: "headers", source: { kind: LOCAL, location: $path } }) { project { id } }
}"""
RESULT = "query ($id: ID!) { execution(id: $id) { status result { ... on CustomReport { kind data } } } }"


def test_the_agent_has_forty_lines_at_most() -> None:
    assert len([line for line in blocks(PAGE, "python")[0].splitlines() if line]) <= 40


@pytest.mark.verify
def test_its_cases_pass_and_notice_a_mistake(tmp_path: Path) -> None:
    write_agent(tmp_path)
    metadata = tmp_path / "licence_header_agent-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: licence-header-agent\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[wrenchai.agents]\nlicence-header = licence_header:LicenceHeader\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    cases = [str(Path(sys.executable).with_name("wrenchai")), "agents", "test", "licence-header", "cases.yaml"]
    passed = run(*cases)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("✓") == 2
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    tested = run(*tests)
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout

    agent = tmp_path / "licence_header.py"
    agent.write_text(agent.read_text().replace("not in text", "in text"))
    failed = run(*cases, "--json")
    assert failed.returncode == 1
    assert [case["passed"] for case in json.loads(failed.stdout)["cases"]] == [False, False]
    tested = run(*tests)
    assert tested.returncode == 1
    assert "it did not find missing-header at without.py:1" in tested.stdout


@pytest.mark.verify
@pytest.mark.timeout(900)
def test_followed_word_for_word(programs: Path, folder: Path) -> None:
    package = folder / "package"
    package.mkdir()
    write_agent(package)
    python = str(programs / "python")
    port = free_port()
    environment = environment_of(folder, port) | {"PATH": f"{programs}:{os.environ['PATH']}"}
    pip = [python, "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, "."], cwd=package, check=True, timeout=300)
    [install, test] = next(one for one in blocks(PAGE, "sh") if "pytest" in one).splitlines()
    subprocess.run([*pip, *install.split()[2:]], cwd=package, check=True, timeout=300)

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        assert run("wrenchai", "agents", "test", "licence-header", "cases.yaml").count("✓") == 2
        assert "3 passed" in run(*test.split())
        with up(programs, folder, port) as process:
            wait_until(lambda: process.poll() is not None or is_ready(f"http://127.0.0.1:{port}"), 120, "the start")
            agents = json.loads(run("wrenchai", "graphql", "{ agents { kind title } }"))["data"]["agents"]
            assert {"kind": "licence-header", "title": "Licence headers"} in agents
            made = run("wrenchai", "graphql", PROJECT, "--variables", json.dumps({"path": str(package)}))
            project_id = json.loads(made)["data"]["createProject"]["project"]["id"]
            [document] = [one for one in blocks(PAGE, "graphql") if "createTask" in one]
            created = run("wrenchai", "graphql", document, "--variables", json.dumps({"projectId": project_id}))
            execution_id = json.loads(created)["data"]["createTask"]["task"]["latestExecution"]["id"]
            run("wrenchai", "watch", execution_id)
            said = run("wrenchai", "graphql", RESULT, "--variables", json.dumps({"id": execution_id}))
            execution = json.loads(said)["data"]["execution"]
        assert execution["status"] == "SUCCEEDED"
        assert execution["result"]["data"]["files"] == 3
    finally:
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "licence-header-agent"], check=True)
