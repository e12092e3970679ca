"""Two published packages: the audit agrees with the engines run by hand, and a second one finds nothing new."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.inspector.inputs import InspectorInputs
from agents.inspector.ruff import arguments
from agents.inspector.ruff_rules import SAME_THING
from agents.inspector.side_code import is_beside_the_product, is_test
from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
BIN = Path(sys.executable).parent

pytestmark = [pytest.mark.verify, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=["itsdangerous==2.2.0", "click==8.1.7"])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution of a package."""
    folder = tmp_path_factory.mktemp("sdist")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", request.param]
    subprocess.run(command, cwd=folder, check=True)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    [unpacked] = [entry for entry in folder.iterdir() if entry.is_dir()]
    return unpacked


def by_hand(program: str, *arguments: str, cwd: Path) -> str:
    return subprocess.run([BIN / program, *arguments], cwd=cwd, capture_output=True, text=True, check=False).stdout


def modules(package: Path) -> list[str]:
    return sorted(file.relative_to(package).as_posix() for file in package.rglob("*.py"))


async def test_the_audit_agrees_and_repeats_itself(audit: Audit, package: Path, tmp_path: Path) -> None:
    first = await audit(package)
    assert first.report.files_analysed == len(modules(package))
    assert not [one for one in first.report.engines if one.skipped_reason and one.engine != "dependencies"]
    _ruff_agrees(package, first)
    _complexity_agrees(package, first, tmp_path)
    _dead_code_agrees(package, first)
    _dependencies_agree(package, first, tmp_path)
    assert not [one for one in first.findings if one.rule.startswith("S") and is_beside_the_product(one.location.path)]

    second = await audit(package, first.findings)
    assert not second.new
    assert {one.state for one in second.findings} == {FindingState.PERSISTING}
    assert Counter(one.fingerprint for one in second.findings) == Counter(one.fingerprint for one in first.findings)


def _ruff_agrees(package: Path, run: Run) -> None:
    theirs: Counter[tuple[str, str, int]] = Counter()
    for beside in (False, True):
        options = [*arguments(InspectorInputs(), beside_the_product=beside), "--output-format=json"]
        group = [path for path in modules(package) if is_beside_the_product(path) is beside]
        for one in json.loads(by_hand("ruff", *options, *group, cwd=package)):
            path = Path(one["filename"]).relative_to(package).as_posix()
            theirs[one["code"], path, one["location"]["row"]] += 1
    found = [one for one in run.findings if one.engine == "ruff"]
    ours = Counter((one.rule, one.location.path, one.location.start_line or 0) for one in found)
    assert not ours - theirs
    for code, path, row in theirs - ours:
        [same] = [same for same in SAME_THING if code in same]
        assert any(ours[better, path, row] for better in same[: same.index(code)])


def _complexity_agrees(package: Path, run: Run, folder: Path) -> None:
    product = [path for path in modules(package) if not is_test(path)]
    blocks = json.loads(by_hand("radon", "cc", "--json", *product, cwd=package))
    expected = {
        (path, block["lineno"])
        for path, found in blocks.items()
        for block in found
        if block["type"] != "class" and block["complexity"] > 10
    }
    ours = [one for one in run.findings if one.rule == "complex-function"]
    by_radon = {(one.location.path, one.location.start_line) for one in ours if "cyclomatic" in one.message}
    assert by_radon == expected
    report = folder / "complexipy.json"
    by_hand("complexipy", "--isolated", "--output-format=json", f"--output={report}", *product, cwd=package)
    difficult = {
        (one["path"], one["function_name"].replace("::", "."))
        for one in json.loads(report.read_text("utf-8"))
        if one["complexity"] > 15
    }
    by_complexipy = {(one.location.path, one.message.split("`")[1]) for one in ours if "cognitive" in one.message}
    assert by_complexipy == difficult


def _dead_code_agrees(package: Path, run: Run) -> None:
    said = by_hand("vulture", "--min-confidence=60", *modules(package), cwd=package).splitlines()
    theirs = {line.split(": ")[0] for line in said}
    unreachable = {line.split(": ")[0] for line in said if "unreachable" in line}
    ours = {f"{one.location.path}:{one.location.start_line}": one for one in run.findings if one.engine == "dead-code"}
    assert ours.keys() <= theirs
    assert {place for place, one in ours.items() if one.rule == "unreachable-code"} == unreachable


def _dependencies_agree(package: Path, run: Run, folder: Path) -> None:
    [engine] = [one for one in run.report.engines if one.engine == "dependencies"]
    if not (package / "pyproject.toml").exists():
        assert engine.skipped_reason
        return
    report = folder / "deptry.json"
    by_hand("deptry", "src", "--known-first-party=itsdangerous", f"--json-output={report}", cwd=package)
    theirs = {(one["error"]["code"], one["module"]) for one in json.loads(report.read_text("utf-8"))}
    ours = {(one.rule, one.message.split("`")[1]) for one in run.findings if one.engine == "dependencies"}
    assert ours == theirs
