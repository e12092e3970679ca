"""Cases of agents: what is not as expected is said, and so is what cannot be run as it is written."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from agents.contract import Agent, AgentContext, AgentFailure, Step
from agents.testing import CaseUnusable, check, load_cases
from domain.finding import FindingDraft, Location
from domain.severity import Severity


class Wanted(BaseModel):
    fail: str = ""
    both: bool = False


class Counted(BaseModel):
    files: int
    names: dict[str, int] = {}


class Finder(Agent[Wanted, Counted]):
    """Finds every file, runs a program, or fails as its inputs say."""

    kind = "finder"
    version = "1"
    title = "Finder"
    purpose = "Finds files."
    capabilities: ClassVar[tuple[str, ...]] = ()
    input_model = Wanted
    report_model = Counted

    async def run(self, context: AgentContext, inputs: Wanted) -> Counted:
        async def look(step: Step) -> Counted:
            names = await asyncio.to_thread(lambda: sorted(one.name for one in context.checkout.path.iterdir()))
            for name in names:
                place = Location(path=name, start_line=1)
                step.finding(
                    FindingDraft(engine="finder", rule="file", severity=Severity.LOW, message="a file", location=place)
                )
            await step.tool("python", ["-c", "raise SystemExit(3)"], cwd=context.checkout.path, accept=frozenset({3}))
            await step.log(f"{len(names)} files")
            step.artifact("names.txt", "text/plain", "\n".join(names).encode())
            return Counted(files=len(names), names={name: len(name) for name in names})

        async def fail(_: Step) -> Counted:
            raise AgentFailure(inputs.fail, code="SOURCE_UNAVAILABLE")

        if inputs.both:
            async with asyncio.TaskGroup() as group:
                group.create_task(context.step("look", look, returns=Counted))
                group.create_task(context.step("fail", fail, returns=Counted))
        return await context.step("one", fail if inputs.fail else look, returns=Counted)


def case_of(folder: Path, expect: str, inputs: str = "{}") -> Any:
    (folder / "case.yaml").write_text(f"inputs: {inputs}\nfiles: {{a.py: x, b.py: y}}\nexpect: {expect}\n")
    [case] = load_cases(folder)
    return case


BOTH = "findings: [{rule: file, path: a.py, line: 1, severity: LOW}, {rule: file, path: b.py, engine: finder}]"


@pytest.mark.parametrize(
    ("expect", "inputs", "problems"),
    [
        (f"{{{BOTH}, report: {{files: 2, names: {{a.py: 4}}}}, artifacts: [names.txt]}}", "{}", []),
        ("{tools: [{tool: python, exit_code: 3, times: 1}], log: [2 files]}", "{}", []),
        ("{}", "{}", []),
        ("{ends: FAILED, error: SOURCE_UNAVAILABLE}", "{fail: it is gone}", []),
        ("{ends: FAILED, error: SOURCE_UNAVAILABLE}", "{fail: it is gone, both: true}", []),
        ("{ends: FAILED, error: VALIDATION_FAILED}", "{both: perhaps}", []),
        (
            "{}",
            "{fail: it is gone}",
            ["it ended FAILED (SOURCE_UNAVAILABLE: AgentFailure: it is gone)"],
        ),
        ("{ends: FAILED}", "{}", ["it ended SUCCEEDED and not FAILED"]),
        ("{ends: FAILED, error: TIMED_OUT}", "{fail: gone}", ["it failed with SOURCE_UNAVAILABLE"]),
        ("{findings: [{rule: file, path: a.py}]}", "{}", ["it found what is not expected: file at b.py:1 (a file)"]),
        ("{findings: [{rule: file, path: a.py}], more_findings: true}", "{}", []),
        (
            "{findings: [{rule: file, path: c.py, line: 7, severity: HIGH}], more_findings: true}",
            "{}",
            ["it did not find file at c.py:7 (HIGH)"],
        ),
        ("{report: {files: 3}}", "{}", ["report.files is 2 and not 3"]),
        ("{report: {names: {z: 1}}}", "{}", ["report.names has no z; it has a.py, b.py"]),
        ("{artifacts: [other.txt]}", "{}", ["it made no artifact other.txt; it made names.txt"]),
        ("{tools: []}", "{}", ["it called python, and no call is expected"]),
        ("{tools: [{tool: ruff}]}", "{}", ["it did not call ruff; it called python"]),
        (
            "{tools: [{tool: python, exit_code: 0, times: 1}]}",
            "{}",
            ["it called python with exit code 0 0 times"],
        ),
        ("{log: [3 files]}", "{}", ["its log has no line with '3 files'"]),
    ],
)
async def test_what_is_not_as_expected_is_said(tmp_path: Path, expect: str, inputs: str, problems: list[str]) -> None:
    checked = await check(Finder, case_of(tmp_path, expect, inputs))
    assert len(checked.problems) == len(problems), checked.problems
    assert [said[: len(wanted)] for said, wanted in zip(checked.problems, problems, strict=True)] == problems
    assert checked.passed == (not problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no case"),
        ("- 1", "document 1 is no mapping"),
        ("files: {a: b}", "document 1, expect: Field required"),
        ("expect: {}", "give either `files` or `source`"),
        ("{files: {a: b}, source: c, expect: {}}", "give either `files` or `source`"),
        ("{files: {../a: b}, expect: {}}", "does not lie inside the source"),
        ("{files: {/etc/passwd: b}, expect: {}}", "does not lie inside the source"),
        ("{files: {a: b}, expect: {found: []}}", "document 1, expect.found: Extra inputs are not permitted"),
        ("{files: {a: b}, expect: {ends: WELL}}", "document 1, expect.ends"),
        ("files: [", "is no YAML"),
        ("{files: {a: b}, expect: {}}\n---\n{files: {a: b}, expect: {}}", "two cases called 'case'"),
        ("x" * (1 << 20 | 1), "more than 1048576 bytes"),
    ],
)
def test_a_case_that_cannot_be_run(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "case.yaml").write_text(text)
    with pytest.raises(CaseUnusable, match=re.escape(said)) as refused:
        load_cases(tmp_path)
    assert str(tmp_path) in str(refused.value)


def test_a_case_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CaseUnusable, match=r"cannot be read|is no YAML"):
        load_cases(tmp_path)


def test_the_source_is_a_folder_beside_the_case(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "case.yaml").write_text("{source: code, expect: {report: {files: 0}}}")
    [case] = load_cases(tmp_path / "case.yaml")
    assert asyncio.run(check(Finder, case)).passed
