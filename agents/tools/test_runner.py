"""Run the tests of the checkout with pytest, in the sandbox, and answer what became of each."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
import xml.etree.ElementTree as ET
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, Field, field_validator

from agents.contract import SourceUse, Tool, ToolFailure, ToolLimits, ToolScope
from agents.contract.sandbox import SOURCE, SandboxLimits, SandboxResult
from agents.sandbox.places import interpreter_places
from domain.execution import TestCounts

REPORT = "report.xml"
LARGEST_REPORT = 64 * 2**20
MOST_TESTS = 500
MOST_SAID = 4_000
"""Characters of a failure that are answered."""
MEANINGS = {
    0: "all tests passed",
    1: "some tests failed",
    2: "it was interrupted",
    3: "pytest made a mistake",
    4: "pytest was called wrongly",
    5: "there are no tests",
}


class TestArguments(BaseModel):
    """Which tests to run."""

    __test__ = False

    paths: list[str] = Field(
        default_factory=list, max_length=200, description="Files or folders below the checkout; all if left out."
    )
    keyword: str | None = Field(None, max_length=500, description="Only tests whose name matches (-k of pytest).")
    timeout_seconds: float = Field(600, gt=0, le=3600, description="How long all of them may take.")
    max_memory: int = Field(2 * 2**30, ge=64 * 2**20, le=16 * 2**30, description="Bytes of memory they may have.")

    @field_validator("paths")
    @classmethod
    def _below(cls, value: list[str]) -> list[str]:
        for name in value:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or name.startswith("-") or "\0" in name:
                raise ValueError(f"{name!r} is not a path below the checkout")
        return value


class TestProblem(BaseModel):
    """A test that failed, or could not be run."""

    __test__ = False

    name: str = Field(description="Module, class and name, joined by dots.")
    kind: str = Field(description="`failed` for a test, `error` for what is around it.")
    message: str


class TestReport(BaseModel):
    """What became of the tests. ``green``: pytest says so, some ran, and its report agrees."""

    __test__ = False

    green: bool
    exit_code: int
    meaning: str = Field(description="What the exit code of pytest means.")
    passed: int
    failed: int
    skipped: int
    errors: int
    problems: list[TestProblem] = Field(description="The first 500 that failed or could not be run.")
    output: str = Field(description="The end of what pytest wrote.")
    sandbox: str
    duration_seconds: float
    exceeded: str | None = Field(None, description="The limit that ended it.")


class TestRunner(Tool[TestArguments, TestReport]):
    """The tests see the checkout and cannot write to it, so they may be run twice."""

    __test__ = False

    name = "test_runner"
    version = "1.0"
    purpose = "Runs the tests of the checkout with pytest in the sandbox, and answers what became of each."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=61), max_output=8 * 2**20)
    source_use = SourceUse.NEEDED
    example = TestArguments(paths=["tests"], timeout_seconds=300)
    arguments_model = TestArguments
    result_model = TestReport

    async def run(self, scope: ToolScope, arguments: TestArguments) -> TestReport:
        """Run them.

        Raises:
            SandboxRefused: no sandbox works here.
            ToolFailure: pytest is not installed, or left no report that can be read.
        """
        if find_spec("pytest") is None:
            raise ToolFailure(f"pytest is not installed. To install it: {sys.executable} -m pip install pytest")
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="tests-", dir=scope.scratch))
        try:
            done = await scope.sandbox.run(
                _command(arguments),
                source=scope.checkout,
                scratch=folder,
                cwd=SOURCE,
                read_only=interpreter_places(),
                env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PY_COLORS": "0"},
                limits=_limits(arguments),
            )
            answer = _answer(done, await asyncio.to_thread(_report, folder / REPORT))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        scope.measured(
            exit_code=done.exit_code,
            cpu_seconds=done.cpu_seconds,
            sandbox=done.sandbox,
            tests=TestCounts(passed=answer.passed, failed=answer.failed + answer.errors),
        )
        return answer


def _command(arguments: TestArguments) -> list[str]:
    chosen = ["-k", arguments.keyword] if arguments.keyword else []
    quiet = ["-q", "-p", "no:cacheprovider", f"--junitxml=/scratch/{REPORT}", "-o", "junit_family=xunit2"]
    return [sys.executable, "-m", "pytest", *quiet, *chosen, "--", *arguments.paths]


def _limits(arguments: TestArguments) -> SandboxLimits:
    return SandboxLimits(
        timeout=timedelta(seconds=arguments.timeout_seconds),
        cpu_seconds=4 * arguments.timeout_seconds,
        max_memory=arguments.max_memory,
        max_output=2**20,
    )


def _report(path: Path) -> ET.Element | None:
    """The report that pytest has left, or ``None``. The tests could have put anything in its place: a link, say."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_REPORT:
            return None
        content = file.read(LARGEST_REPORT)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # pytest writes none
        return None
    try:
        return ET.fromstring(content)  # noqa: S314 - no entities, and of bounded size
    except ET.ParseError:
        return None


def _answer(done: SandboxResult, report: ET.Element | None) -> TestReport:
    cases = list(report.iter("testcase")) if report is not None else []
    outcomes = [_outcome(case) for case in cases]
    problems = [_problem(case, kind) for case, kind in zip(cases, outcomes, strict=True) if kind in {"failed", "error"}]
    passed = outcomes.count("passed")
    meaning = MEANINGS.get(done.exit_code, "it did not come to its end")
    if report is None:
        meaning += ", and there is no report that can be read"
    return TestReport(
        green=done.exit_code == 0 and passed > 0 and not problems and done.exceeded is None,
        exit_code=done.exit_code,
        meaning=meaning,
        passed=passed,
        failed=outcomes.count("failed"),
        skipped=outcomes.count("skipped"),
        errors=outcomes.count("error"),
        problems=problems[:MOST_TESTS],
        output=(done.stdout + done.stderr)[-20_000:],
        sandbox=done.sandbox,
        duration_seconds=done.duration.total_seconds(),
        exceeded=done.exceeded,
    )


def _outcome(case: ET.Element) -> str:
    for tag, outcome in (("failure", "failed"), ("error", "error"), ("skipped", "skipped")):
        if case.find(tag) is not None:
            return outcome
    return "passed"


def _problem(case: ET.Element, kind: str) -> TestProblem:
    found = case.find("failure" if kind == "failed" else "error")
    said = "" if found is None else (found.text or found.get("message") or "")
    name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
    return TestProblem(name=name[:500], kind=kind, message=said.strip()[-MOST_SAID:])
