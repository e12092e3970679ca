"""Audits for the tests: real engines on real folders, through the test kit."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from agents.inspector.agent import Inspector
from agents.inspector.inputs import InspectorInputs
from agents.testing import AgentRun, run_agent
from domain.finding import Finding
from domain.reports.inspector import InspectorReport

BOOKSHOP = Path(__file__).parents[3] / "server" / "samples" / "bookshop"

Run = AgentRun[InspectorReport]


class Audit(Protocol):
    """Audits a folder with the given inputs."""

    def __call__(self, path: Path, /, known: list[Finding] | None = None, **inputs: Any) -> Awaitable[Run]: ...


@pytest.fixture
def audit() -> Audit:
    async def run(path: Path, /, known: list[Finding] | None = None, **inputs: Any) -> Run:
        return await run_agent(Inspector(), path, InspectorInputs(**inputs), known or ())

    return run


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    return Path(shutil.copytree(BOOKSHOP, tmp_path / "bookshop"))


@pytest.fixture(scope="session")
async def sample_run() -> Run:
    """The audit of the sample as it ships."""
    return await run_agent(Inspector(), BOOKSHOP, InspectorInputs())


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Writes files, given as path=text or bytes, into a fresh folder and returns it."""

    def write(contents: dict[str, str | bytes]) -> Path:
        root = tmp_path / "source"
        root.mkdir(exist_ok=True)
        for path, content in contents.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return root

    return write
