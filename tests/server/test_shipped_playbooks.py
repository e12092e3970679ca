"""The shipped playbooks with their optional steps, on a small source that has something of all they look for."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from server.client.approvals import awaiting_approvals
from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.settings import Settings
from tests.engine.conftest import until
from tests.server.test_audit_command import WRENCHAI

pytestmark = [pytest.mark.verify, pytest.mark.timeout(900)]

SOURCE = {
    "README.md": "# Shop\n",
    "CHANGELOG.md": "# Changelog\n",
    "LICENSE": "Do what you want.\n",
    "requirements.txt": "",
    "shop/__init__.py": "",
    "shop/price.py": "def total(prices: list[int]) -> int:\n    return sum(prices) + discount\n",
    "shop/words.py": "def one(text: str) -> int:\n    return len(text)\n\n\nTWO: int = one('2', 2)\n",
    "shop/left.py": "from shop import right\n\n__all__ = ['right']\n",
    "shop/right.py": "from shop import left\n\n__all__ = ['left']\n",
    "shop/price.sh": "#!/bin/sh\necho $(($1 * $2))\n",
    "tests/test_price.sh": '#!/bin/sh\ntest "$(sh shop/price.sh 6 7)" = 42\n',
    "tests/test_wrong.sh": '#!/bin/sh\ntest "$(sh shop/price.sh 6 7)" = 43\n',
}
"""`discount` is not defined, which is a HIGH finding; two modules import each other; a call does not fit."""
PASSES = "test_command=sh,tests/test_price.sh"
FAILS = "test_command=sh,tests/test_wrong.sh"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for name, text in SOURCE.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


class Runs:
    """Runs playbooks by the command, on the platform that the tests share."""

    def __init__(self, live: Running, settings: Settings, client: GraphQLClient, source: Path) -> None:
        port = str(urlsplit(live.address or "").port)
        self._environment = {**os.environ, "WRENCHAI_DATA_DIR": str(settings.data_dir), "WRENCHAI_PORT": port}
        self._client = client
        self._source = source

    async def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What a command says."""

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [WRENCHAI, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )

        return await asyncio.to_thread(run)

    async def run(self, name: str, *given: str) -> tuple[int, dict[str, Any]]:
        """How a playbook ended: the exit code, and the report."""
        inputs = [part for one in given for part in ("--input", one)]
        ended = await self.command("playbook", "run", name, str(self._source), "--json", *inputs)
        assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
        return ended.returncode, json.loads(ended.stdout)["result"]

    async def asked(self, title: str, name: str, answer: str, *given: str) -> tuple[str, int, dict[str, Any]]:
        """The question that a playbook asks, and how it ended when that was answered so."""
        running = asyncio.create_task(self.run(name, *given))

        async def question() -> dict[str, Any] | None:
            assert not running.done(), running.result()
            waiting = await awaiting_approvals(self._client)
            mine = [one for one in waiting if one["task"]["title"] == title]
            return mine[0] if mine else None

        found = await until(question)
        decided = await self.command("approvals", answer, found["id"], "--yes")
        assert decided.returncode == 0, decided.stderr
        return found["action"]["summary"], *await running


@pytest.fixture
def runs(live: Running, settings: Settings, client: GraphQLClient, source: Path) -> Runs:
    return Runs(live, settings, client, source)


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step["status"] for step in report["steps"]}


async def test_a_release_with_grave_findings_is_asked_about_and_made_when_a_person_says_so(runs: Runs) -> None:
    summary, code, report = await runs.asked("Release readiness", "release-readiness", "approve", "ask=true", PASSES)
    assert "quality COMPLETED, grave new findings 1, documents COMPLETED, tests COMPLETED" in summary
    assert (code, report["passed"], report["problems"]) == (0, True, [])
    assert set(statuses(report).values()) == {"COMPLETED"}
    assert (report["outputs"]["ready"], report["outputs"]["decision"]) == (False, "COMPLETED")


async def test_a_release_that_a_person_does_not_want_fails(runs: Runs) -> None:
    given = ("ask=true", "most_high=1", FAILS)
    summary, code, report = await runs.asked("Release readiness", "release-readiness", "reject", *given)
    assert "tests FAILED" in summary
    assert (code, report["passed"]) == (1, False)
    assert statuses(report) == {
        "quality": "COMPLETED",
        "documents": "COMPLETED",
        "tests": "FAILED",
        "decision": "FAILED",
    }
    (reason,) = [step["reason"] for step in report["steps"] if step["step"] == "decision"]
    assert reason.startswith("it was rejected by ")


async def test_nobody_is_asked_about_a_release_that_is_ready(runs: Runs) -> None:
    code, report = await runs.run("release-readiness", "ask=true", "most_high=1", PASSES)
    assert (code, report["outputs"]["ready"]) == (0, True)
    assert statuses(report)["decision"] == "SKIPPED"


async def test_an_upgrade_is_asked_about_when_only_a_cycle_or_a_type_is_new(runs: Runs) -> None:
    name, title = "dependency-upgrade-review", "Dependency upgrade review"
    summary, code, report = await runs.asked(title, name, "approve", "ask=true", PASSES)
    assert "dependencies COMPLETED, imports COMPLETED, types SKIPPED, tests COMPLETED" in summary
    assert (code, report["outputs"]["new_findings"]) == (0, 1)
    assert report["outputs"]["pinned_by"] == ["*requirements*.txt"]
    summary, code, report = await runs.asked(title, name, "approve", "ask=true", "types=true", PASSES)
    assert "types COMPLETED" in summary
    assert (code, report["outputs"]["new_findings"], report["problems"]) == (0, 1, [])
    assert {status for step, status in statuses(report).items() if step != "pinned"} == {"COMPLETED"}
    code, report = await runs.run(name, "ask=true", "types=true", PASSES)
    assert (code, report["outputs"]["new_findings"], statuses(report)["decision"]) == (0, 0, "SKIPPED")


async def test_types_are_audited_when_asked_for(runs: Runs) -> None:
    code, report = await runs.run("repository-audit", "types=true", "engines=ruff")
    assert (code, report["problems"]) == (0, [])
    assert statuses(report) == {"engines": "COMPLETED", "types": "COMPLETED"}
    (types,) = [step["tasks"][0]["outputs"] for step in report["steps"] if step["step"] == "types"]
    assert types == {"grave": 0}
    assert report["outputs"] == {"over_the_limit": ["ruff"], "not_done": [], "missing_tools": []}


async def test_tests_are_run_as_often_as_said(runs: Runs) -> None:
    code, report = await runs.run("test-hardening", "runs=once,again", "tests=**/test_*.sh", PASSES)
    assert (code, report["problems"]) == (0, [])
    assert set(statuses(report).values()) == {"COMPLETED"}
    assert (report["outputs"]["has_tests"], report["outputs"]["failed_runs"]) == (True, [])
    code, report = await runs.run("test-hardening", "runs=once,again", "tests=**/test_*.sh", FAILS)
    assert (code, report["outputs"]["always_pass"]) == (0, "FAILED")
    assert report["outputs"]["failed_runs"] == ["once", "again"]


async def test_queries_are_explained_and_a_missing_connection_is_said(runs: Runs) -> None:
    code, report = await runs.run("slow-query-review", "explain_command=sh,tests/test_price.sh", "connection=NOWHERE")
    assert (code, report["problems"]) == (0, [])
    assert statuses(report) == {
        "branching": "COMPLETED",
        "statements": "COMPLETED",
        "database": "FAILED",
        "explained": "COMPLETED",
    }
    (reason,) = [step["reason"] for step in report["steps"] if step["step"] == "database"]
    assert "NOWHERE" in reason
    assert report["outputs"]["slowest"] == []
