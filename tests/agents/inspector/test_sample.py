"""Every planted defect of the sample is found, once, and each engine agrees with the engine run by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from agents.inspector.inputs import InspectorInputs
from agents.inspector.ruff import arguments
from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport

BOOKSHOP = Path(__file__).parents[3] / "server" / "samples" / "bookshop"
EXPECTED: list[dict[str, Any]] = json.loads((BOOKSHOP.parent / "bookshop.expected.json").read_text("utf-8"))
BIN = Path(sys.executable).parent
PARSED = [f"bookshop/{name}.py" for name in ("__init__", "__main__", "catalogue", "orders", "prices", "reports")]

Run = AgentRun[InspectorReport]


def by_hand(program: str, *arguments: str, cwd: Path = BOOKSHOP) -> str:
    done = subprocess.run([BIN / program, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout


async def test_what_is_planted_is_what_is_found(sample_run: Run) -> None:
    planted = {(one["engine"], one["rule"], one["path"], one.get("line")) for one in EXPECTED if "engine" in one}
    found = [(one.engine, one.rule, one.location.path, one.location.start_line) for one in sample_run.findings]
    assert Counter(found) == Counter(planted)
    assert all(finding.state is FindingState.NEW for finding in sample_run.findings)


async def test_what_the_report_claims_was_done(sample_run: Run) -> None:
    assert sample_run.unverified == []
    ran = {claim.text.split()[0] for claim in sample_run.claims if claim.kind == "ToolRan"}
    assert {"ruff", "radon", "vulture", "deptry", "python"} <= ran


async def test_what_cannot_be_analysed_is_named(sample_run: Run) -> None:
    planted = {one["path"] for one in EXPECTED if one["rule"] == "not-analysed"}
    assert planted <= {one.path for one in sample_run.report.not_analysed}
    left_out_by = {one.engine for one in sample_run.report.not_analysed if one.path == "bookshop/shelves.py"}
    assert left_out_by == {"complexity", "duplication", "dead-code", "import-cycles"}


async def test_ruff_agrees_with_ruff_by_hand(sample_run: Run) -> None:
    options = [*arguments(InspectorInputs(), beside_the_product=False), "--output-format=json"]
    theirs = Counter(
        (violation["code"], violation["location"]["row"])
        for violation in json.loads(by_hand("ruff", *options, *PARSED))
    )
    ours = Counter(
        (finding.rule, finding.location.start_line)
        for finding in sample_run.findings
        if finding.engine == "ruff" and finding.rule != "invalid-syntax"
    )
    # A bare except that passes is one defect; ruff says it twice.
    assert theirs - ours == Counter({("E722", 26): 1})
    assert not ours - theirs


async def test_complexity_agrees_with_radon_and_complexipy_by_hand(sample_run: Run, tmp_path: Path) -> None:
    blocks = json.loads(by_hand("radon", "cc", "--json", *PARSED))
    radon = {
        (path, block["lineno"]): block["complexity"]
        for path, found in blocks.items()
        for block in found
        if block["type"] != "class"
    }
    report = tmp_path / "complexipy.json"
    files = [str(BOOKSHOP / path) for path in PARSED]
    by_hand("complexipy", "--isolated", "--output-format=json", f"--output={report}", *files, cwd=tmp_path)
    cognitive = {one["function_name"]: one["complexity"] for one in json.loads(report.read_text("utf-8"))}
    hardest = sample_run.report.most_complex
    assert len(hardest) == 10
    assert hardest[0].name == "price_of"
    assert all(one.cyclomatic == radon[one.path, one.line] for one in hardest)
    assert all(one.cognitive == cognitive[one.name.replace(".", "::")] for one in hardest)


async def test_dead_code_is_what_vulture_says_by_hand(sample_run: Run) -> None:
    said = by_hand("vulture", "--min-confidence=60", *PARSED)
    theirs = {line.split(": ")[0] for line in said.splitlines() if "unused import" not in line}
    ours = [one.location for one in sample_run.findings if one.engine == "dead-code"]
    assert {f"{place.path}:{place.start_line}" for place in ours} <= theirs
    left = theirs - {f"{place.path}:{place.start_line}" for place in ours}
    # A public method: a subclass or another source may call it.
    assert left == {"bookshop/orders.py:12"}


async def test_dependencies_agree_with_deptry_by_hand(sample_run: Run, bookshop: Path, tmp_path: Path) -> None:
    for broken in ("shelves.py", "greetings.py"):
        (bookshop / "bookshop" / broken).unlink()
    report = tmp_path / "deptry.json"
    by_hand("deptry", ".", "--package-module-name-map=pyyaml=yaml", f"--json-output={report}", cwd=bookshop)
    theirs = Counter(
        (one["error"]["code"].replace("DEP003", "DEP001"), one["module"])
        for one in json.loads(report.read_text("utf-8"))
    )
    ours = Counter((one.rule, one.message.split("`")[1]) for one in sample_run.findings if one.engine == "dependencies")
    assert ours == theirs


async def test_an_audit_tells_what_it_does(sample_run: Run) -> None:
    done = [step for step, _, _ in sample_run.progress]
    assert done == list(range(1, 12))
    assert {total for _, total, _ in sample_run.progress} == {11}
    assert {call.tool for call in sample_run.tool_calls} == {
        "ruff", "radon", "complexipy", "vulture", "deptry", "python", "oxlint", "shellcheck",
    }  # fmt: skip
    engines = {run.engine: run for run in sample_run.report.engines}
    assert all(run.skipped_reason is None and run.version for run in engines.values())
    assert all(any(line.startswith(f"{engine}: ") for line in sample_run.log) for engine in engines)
    assert not sample_run.report.gate_passed
    assert [(breach.severity, breach.found) for breach in sample_run.report.gate_breaches] == [("HIGH", 13)]


async def test_an_audit_leaves_the_source_alone(sample_run: Run) -> None:
    assert sample_run.findings
    assert not list(BOOKSHOP.rglob("__pycache__"))
    assert not list(BOOKSHOP.rglob("*cache*"))
