"""A finding lives on from audit to audit: new, persisting, fixed, waived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.contract import AgentFailure
from agents.inspector.agent import Inspector
from agents.inspector.inputs import InspectorInputs
from agents.testing import AgentRun, run_agent
from domain.finding import FindingState
from domain.quality_gate import QualityGate
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]


async def test_a_second_audit_finds_nothing_new(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    second = await audit(bookshop, sample_run.findings)
    assert {finding.state for finding in second.findings} == {FindingState.PERSISTING}
    assert {one.fingerprint for one in second.findings} == {one.fingerprint for one in sample_run.findings}
    assert second.report.gate_passed
    assert not second.report.first_audit
    assert "The quality gate passed" in second.artifacts["audit.md"].decode()


async def test_moved_lines_stay_the_findings_they_were(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    for module in ("catalogue", "orders", "prices", "reports"):
        file = bookshop / "bookshop" / f"{module}.py"
        docstring, rest = file.read_text("utf-8").split("\n", 1)
        file.write_text(f"{docstring}\n\n# moved down\n# by three lines\n{rest}", "utf-8")
    second = await audit(bookshop, sample_run.findings)
    assert not second.new
    assert not second.in_state(FindingState.FIXED)
    before = {one.fingerprint: one.location.start_line for one in sample_run.findings}
    moved = [one for one in second.findings if one.location.start_line != before[one.fingerprint]]
    untouched = {"inventory", "javascript", "shell", "yaml"}
    assert len(moved) == len([one for one in second.findings if one.engine not in untouched]) - 2


async def test_what_is_mended_is_fixed_and_what_is_added_is_new(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    orders = bookshop / "bookshop" / "orders.py"
    text = (
        orders.read_text("utf-8").replace("eval(text)", "[(text, 1)]").replace("from bookshop import catalogue\n", "")
    )
    orders.write_text(text.replace('    print("the customer was told")\n', ""), "utf-8")
    shelves = bookshop / "bookshop" / "shelves.py"
    shelves.write_text(shelves.read_text("utf-8").replace("list[str]\n", "list[str]) -> list[str]:\n"), "utf-8")
    second = await audit(bookshop, sample_run.findings)
    fixed = {one.rule for one in second.in_state(FindingState.FIXED)}
    assert fixed == {"S307", "unreachable-code", "import-cycle", "invalid-syntax"}
    assert [(one.rule, one.message) for one in second.new if one.engine == "ruff"] == [
        ("F821", "Undefined name `catalogue`")
    ]
    assert second.report.fixed.high == 2
    assert not second.report.gate_passed


async def test_what_was_not_analysed_is_not_fixed(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    prices = bookshop / "bookshop" / "prices.py"
    prices.write_text(prices.read_text("utf-8") + "\n\ndef broken(:\n", "utf-8")
    second = await audit(bookshop, sample_run.findings)
    assert "complex-function" not in {one.rule for one in second.in_state(FindingState.FIXED)}
    assert [one.rule for one in second.new] == ["invalid-syntax"]


async def test_an_engine_that_did_not_run_fixes_nothing(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    second = await audit(bookshop, sample_run.findings, engines=("dead-code",))
    assert {one.engine for one in second.findings} == {"dead-code", "inventory"}
    assert not second.in_state(FindingState.FIXED)


async def test_removed_code_takes_its_findings_with_it(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    for file in [*bookshop.rglob("*.py"), *bookshop.glob("web/*"), *bookshop.glob("deploy/*")]:
        file.unlink()
    (bookshop / "pyproject.toml").unlink()
    second = await audit(bookshop, sample_run.findings)
    assert {one.state for one in second.findings} == {FindingState.FIXED}
    assert len(second.findings) == len(sample_run.findings)


async def test_a_waived_finding_stays_out_of_the_gate(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    known = [
        replace(one, state=FindingState.WAIVED, waiver_reason="the shop is closed") if one.rule == "S602" else one
        for one in sample_run.findings
    ]
    second = await audit(bookshop, known)
    assert [one.rule for one in second.in_state(FindingState.WAIVED)] == ["S602"]
    assert second.report.waived.high == 1
    assert "the shop is closed" in second.artifacts["audit.md"].decode()


async def test_a_gate_without_limits_passes(bookshop: Path) -> None:
    run = await run_agent(
        Inspector(), bookshop, InspectorInputs(engines=("ruff",)), gate=QualityGate(critical=None, high=None)
    )
    assert run.report.new.high
    assert run.report.gate_passed


async def test_a_missing_tool_costs_its_engine_only(bookshop: Path) -> None:
    run = await run_agent(Inspector(), bookshop, InspectorInputs(), missing_tools=["vulture", "complexipy"])
    engines = {one.engine: one for one in run.report.engines}
    assert engines["dead-code"].skipped_reason == "vulture is not installed; run: pip install vulture"
    assert engines["dead-code"].version is None
    assert engines["complexity"].skipped_reason is None
    assert any("complexipy is not installed" in one.reason for one in run.report.not_analysed)
    assert {one.cognitive for one in run.report.most_complex} == {None}
    assert {one.engine for one in run.findings} > {"ruff", "complexity", "duplication", "dependencies", "import-cycles"}


async def test_without_ruff_there_is_no_audit(bookshop: Path) -> None:
    with pytest.raises(AgentFailure, match="needs ruff, which is not installed; run: pip install ruff"):
        await run_agent(Inspector(), bookshop, InspectorInputs(), missing_tools=["ruff"])


async def test_limits_of_the_inputs_are_obeyed(audit: Audit, bookshop: Path) -> None:
    engines = ("complexity", "duplication")
    strict = await audit(bookshop, engines=engines, max_cyclomatic=5, min_duplicate_lines=4)
    lenient = await audit(bookshop, engines=engines, max_cyclomatic=50, max_cognitive=100, min_duplicate_lines=50)
    without = await audit(bookshop, engines=engines, exclude=("bookshop/prices.py",))
    assert len(strict.findings) > 2
    assert [one.rule for one in lenient.findings if one.engine != "inventory"] == []
    assert [one.rule for one in without.findings if one.engine != "inventory"] == []
    assert ("bookshop/prices.py", "excluded by the task's inputs") in {
        (one.path, one.reason) for one in without.report.not_analysed
    }
