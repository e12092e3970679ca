"""Two published packages: the audit agrees with the engines run by hand, and a second one finds nothing new."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.inspector import programs
from agents.inspector.inputs import InspectorInputs
from agents.inspector.inventory import take_inventory
from agents.inspector.javascript_rules import configuration
from agents.inspector.languages import Language
from agents.inspector.ruff import arguments
from agents.inspector.ruff_rules import SAME_THING
from agents.inspector.shell import UNSUPPORTED
from agents.inspector.shell import options as shell_options
from agents.inspector.side_code import is_beside_the_product, is_test
from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport
from tests.large_source import assemble, unpack

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
BIN = Path(sys.executable).parent
PROGRAMS = Path(programs.__file__).parent

pytestmark = [pytest.mark.verify, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=["itsdangerous==2.2.0", "click==8.1.7"])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution of a package."""
    return unpack(request.param, tmp_path_factory.mktemp("sdist"))


def by_hand(program: str, *arguments: str, cwd: Path) -> str:
    return subprocess.run([BIN / program, *arguments], cwd=cwd, capture_output=True, text=True, check=False).stdout


def modules(package: Path) -> list[str]:
    return sorted(file.relative_to(package).as_posix() for file in package.rglob("*.py"))


async def test_the_audit_agrees_and_repeats_itself(audit: Audit, package: Path, tmp_path: Path) -> None:
    first = await audit(package)
    assert {one.language: one.files for one in first.report.languages}["Python"] == len(modules(package))
    assert not [one for one in first.report.engines if one.skipped_reason and one.engine != "dependencies"]
    _ruff_agrees(package, first, modules(package))
    _agree(package, first)
    _complexity_agrees(package, first, tmp_path)
    _dead_code_agrees(package, first)
    _dependencies_agree(package, first, tmp_path)
    assert not [one for one in first.findings if one.rule.startswith("S") and is_beside_the_product(one.location.path)]

    second = await audit(package, first.findings)
    assert not second.new
    assert {one.state for one in second.findings} == {FindingState.PERSISTING}
    assert Counter(one.fingerprint for one in second.findings) == Counter(one.fingerprint for one in first.findings)


def _agree(package: Path, run: Run) -> None:
    """The engines of other languages, file by file."""
    inventory = take_inventory(package, (), {})
    theirs: Counter[tuple[str, str, int]] = Counter()
    for path in inventory.of(Language.SHELL):
        said = json.loads(by_hand("shellcheck", *shell_options(), f"./{path}", cwd=package))["comments"]
        if not any(one["code"] in UNSUPPORTED or (one["level"] == "error" and one["code"] < 2000) for one in said):
            theirs.update(
                (f"SC{one['code']}", path, one["line"])
                for one in said
                if one["level"] == "error" or not is_beside_the_product(path)
            )
    ours = [one for one in run.findings if one.engine == "shell"]
    parsed = Counter(
        (one.rule, one.location.path, one.location.start_line or 0) for one in ours if not one.rule.startswith("SC1")
    )
    assert parsed == theirs

    rules = package.parent / "oxlint.json"
    rules.write_text(json.dumps(configuration(InspectorInputs())), "utf-8")
    options = [f"--config={rules}", "--disable-nested-config", "--no-ignore", "--format=json"]
    counted: Counter[str] = Counter()
    for path in inventory.of(Language.JAVASCRIPT, Language.TYPESCRIPT):
        said = json.loads(by_hand("oxlint", *options, f"./{path}", cwd=package))["diagnostics"]
        if not said or is_beside_the_product(path):
            continue
        counted[path] = len(said) if all(one.get("code") for one in said) else 1
    scripts = Counter(
        one.location.path
        for one in run.findings
        if one.engine == "javascript" and not is_beside_the_product(one.location.path)
    )
    assert scripts == counted
    by_program = subprocess.run(
        [BIN / "python", "-I", PROGRAMS / "yaml_check.py"],
        cwd=package, input=json.dumps(inventory.of(Language.YAML)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Counter(one.location.path for one in run.findings if one.engine == "yaml") == Counter(
        one["path"] for one in json.loads(by_program.stdout)["findings"]
    )


@pytest.mark.timeout(1500)
async def test_a_large_source_agrees_file_by_file(audit: Audit, tmp_path: Path) -> None:
    large = await asyncio.to_thread(assemble, tmp_path)
    run = await audit(large, engines=("ruff", "javascript", "shell", "yaml"))
    assert not [one for one in run.report.engines if one.skipped_reason]
    taken = take_inventory(large, (), {})
    _ruff_agrees(large, run, [*(file.path for file in taken.files), *taken.stubs])
    await asyncio.to_thread(_agree, large, run)


def _ruff_agrees(package: Path, run: Run, paths: list[str]) -> None:
    theirs: Counter[tuple[str, str, int]] = Counter()
    for beside in (False, True):
        options = [*arguments(InspectorInputs(), beside_the_product=beside), "--output-format=json"]
        group = [path for path in paths if is_beside_the_product(path) is beside]
        for first in range(0, len(group), 500):
            chunk = [f"./{path}" for path in group[first : first + 500]]
            for one in json.loads(by_hand("ruff", *options, *chunk, cwd=package)) if chunk else ():
                path = Path(one["filename"]).relative_to(package).as_posix()
                theirs[one["code"], path, one["location"]["row"]] += 1
    found = [one for one in run.findings if one.engine == "ruff"]
    ours = Counter((one.rule, one.location.path, one.location.start_line or 0) for one in found)
    assert not ours - theirs
    broken = {path for code, path, _ in theirs if code == "invalid-syntax"}
    assert broken == {path for code, path, _ in ours if code == "invalid-syntax"}
    for code, path, row in theirs - ours:
        if path in broken:
            continue  # a file that cannot be parsed is one finding
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
