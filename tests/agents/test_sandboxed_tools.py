"""Code execution and the test runner, in a real sandbox."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from agents.contract import Step, Tool, ToolFailure
from agents.sandbox.choice import open_sandbox
from agents.testing import KitContext
from agents.tools.code_execution import CodeArguments, CodeExecution, CodeResult, Language
from agents.tools.test_runner import TestArguments, TestReport, TestRunner
from domain.quality_gate import QualityGate
from domain.states import ToolCallState

Call = Callable[[type[Tool[Any, Any]], BaseModel], Awaitable[Any]]

SUITE = """
import os, pytest
def test_passes(): assert 1 + 1 == 2
def test_fails(): assert "left" == "right"
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.fixture
def broken(): raise RuntimeError("the fixture broke")
def test_cannot_run(broken): pass
"""


@pytest.fixture
def context(tmp_path: Path) -> KitContext:
    source, scratch = tmp_path / "source", tmp_path / "scratch"
    source.mkdir()
    scratch.mkdir()
    context = KitContext(source, "kit", (), QualityGate(), frozenset())
    object.__setattr__(context.checkout, "scratch", scratch)
    return context


@pytest.fixture
def call(context: KitContext) -> Call:
    async def call(tool: type[Tool[Any, Any]], arguments: BaseModel) -> Any:
        async def work(step: Step) -> Any:
            return await step.call(tool, arguments)

        return await context.step(f"call {len(context.ledger.calls)}", work, returns=tool().result_model)

    return call


async def test_code_runs_and_what_it_makes_is_answered(call: Call, context: KitContext) -> None:
    source = "import sys, pathlib\nprint(sys.stdin.read().upper() + open('data/in.txt').read())\n"
    source += "pathlib.Path('out').mkdir(); pathlib.Path('out/made.bin').write_bytes(b'\\0\\1'); sys.exit(7)"
    done: CodeResult = await call(
        CodeExecution,
        CodeArguments(language=Language.PYTHON, source=source, files={"data/in.txt": "there"}, stdin="hello "),
    )
    assert (done.exit_code, done.stdout, done.stderr) == (7, "HELLO there\n", "")
    assert [(file.path, base64.b64decode(file.content)) for file in done.files] == [("out/made.bin", b"\0\1")]
    assert done.sandbox.startswith(("bubblewrap", "sandlock"))
    [recorded] = context.ledger.calls
    assert (recorded.state, recorded.exit_code, recorded.sandbox) == (ToolCallState.SUCCEEDED, 7, done.sandbox)
    assert recorded.cpu_seconds is not None
    assert list(context.checkout.scratch.iterdir()) == []


async def test_shell_code_reaches_neither_network_nor_host(call: Call) -> None:
    source = (
        "cat /etc/shadow; ls -A /home | head -1; env; (exec 3<>/dev/tcp/127.0.0.1/22) 2>&1; ln -s /etc/hostname link"
    )
    done: CodeResult = await call(CodeExecution, CodeArguments(language=Language.SHELL, source=source))
    assert "root:" not in done.stdout
    assert "WRENCHAI" not in done.stdout
    assert done.left_out == {"link": "not a regular file"}
    assert done.files == []


async def test_code_that_does_not_end_is_ended(call: Call) -> None:
    arguments = CodeArguments(language=Language.PYTHON, source="while True: pass", timeout_seconds=1)
    done: CodeResult = await call(CodeExecution, arguments)
    assert done.exceeded in {"time", "cpu"}


async def test_without_a_sandbox_nothing_runs(call: Call, context: KitContext) -> None:
    context.sandbox = open_sandbox("none")
    with pytest.raises(ToolFailure, match="WRENCHAI_SANDBOX is none"):
        await call(CodeExecution, CodeArguments(language=Language.SHELL, source="true"))
    [recorded] = context.ledger.calls
    assert recorded.state is ToolCallState.FAILED


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", "."])
def test_files_stay_below_their_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        CodeArguments(language=Language.SHELL, source="", files={name: ""})


async def test_what_became_of_each_test(call: Call, context: KitContext) -> None:
    (context.path / "test_suite.py").write_text(SUITE)
    report: TestReport = await call(TestRunner, TestArguments())
    assert (report.passed, report.failed, report.skipped, report.errors) == (1, 1, 1, 1)
    assert (report.green, report.exit_code, report.meaning) == (False, 1, "some tests failed")
    assert [(one.name, one.kind) for one in report.problems] == [
        ("test_suite.test_fails", "failed"),
        ("test_suite.test_cannot_run", "error"),
    ]
    assert "left" in report.problems[0].message
    assert "the fixture broke" in report.problems[1].message
    assert context.ledger.calls[0].exit_code == 1


async def test_green_needs_tests_that_ran(call: Call, context: KitContext) -> None:
    (context.path / "test_suite.py").write_text(SUITE)
    report: TestReport = await call(TestRunner, TestArguments(keyword="passes"))
    assert (report.green, report.passed, report.exit_code) == (True, 1, 0)
    nothing: TestReport = await call(TestRunner, TestArguments(keyword="no_such_test"))
    assert (nothing.green, nothing.exit_code, nothing.meaning) == (False, 5, "there are no tests")


async def test_tests_that_forge_their_report_are_not_green(call: Call, context: KitContext) -> None:
    forged = (
        "import os\n"
        "def test_forges():\n"
        "    os.symlink('/etc/hostname', '/scratch/report.xml')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    (context.path / "test_suite.py").write_text(forged)
    report: TestReport = await call(TestRunner, TestArguments())
    assert (report.green, report.passed) == (False, 0)
    assert "no report that can be read" in report.meaning


@pytest.mark.parametrize("path", ["/etc", "../x", "--collect-only", "-p"])
def test_paths_stay_below_the_checkout(path: str) -> None:
    with pytest.raises(ValidationError):
        TestArguments(paths=[path])
