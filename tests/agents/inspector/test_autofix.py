"""Patches are real: ``git apply`` and ``patch`` take them, and what they mend is gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inspector.autofix import replacements, unified_diff
from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]

GIT = ("git", "apply", "--whitespace=nowarn", "-")
PATCH = ("patch", "-p1", "--binary", "--silent")


def apply(command: tuple[str, ...], folder: Path, patch: str | bytes) -> None:
    content = patch.encode("utf-8") if isinstance(patch, str) else patch
    done = subprocess.run(command, cwd=folder, input=content, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode() + content.decode()


@pytest.mark.parametrize("command", [GIT, PATCH], ids=["git", "patch"])
async def test_the_patch_applies_and_mends(
    audit: Audit, bookshop: Path, sample_run: Run, command: tuple[str, ...]
) -> None:
    fixable = {one.rule for one in sample_run.findings if one.fix}
    assert fixable == {"F401", "F541"}
    assert sample_run.report.autofixable == 2
    apply(command, bookshop, sample_run.artifacts["autofix.patch"])
    second = await audit(bookshop, sample_run.findings)
    assert {one.rule for one in second.in_state(FindingState.FIXED)} == fixable
    assert not second.new
    assert "autofix.patch" not in second.artifacts


async def test_each_fix_applies_by_itself(bookshop: Path, sample_run: Run, tmp_path: Path) -> None:
    for number, finding in enumerate(one for one in sample_run.findings if one.fix):
        copy = Path(shutil.copytree(bookshop, tmp_path / f"copy{number}"))
        apply(GIT, copy, finding.fix or "")
        changed = (copy / finding.location.path).read_text("utf-8")
        assert changed != (bookshop / finding.location.path).read_text("utf-8")
        assert ("import os\n" if finding.rule == "F401" else 'f"printing"') not in changed


async def test_the_patch_keeps_line_ends_marks_and_strange_names(
    audit: Audit, files: Callable[..., Path], tmp_path: Path
) -> None:
    contents = {
        "crlf.py": b'"""A."""\r\n\r\nimport os\r\n\r\nx = 1\r\n',
        "bom.py": b'\xef\xbb\xbf"""A."""\n\nimport os\n\nx = 1\n',
        "no end.py": b'"""A."""\n\nx = 1\nimport os',
        "feed.py": b'"""A."""\n\x0c\nimport os\n\nx = "\xe2\x80\xa8"\n',
        "new\nline/gr\u00fc\u00dfe.py": b'"""A."""\n\nimport os\n\nx = 1\n',
    }
    root = files(contents)
    run = await audit(root, engines=("ruff",))
    assert [one.rule for one in run.findings] == ["F401"] * len(contents)
    apply(GIT, root, run.artifacts["autofix.patch"])
    after = {path: (root / path).read_bytes() for path in contents}
    assert after["crlf.py"] == b'"""A."""\r\n\r\n\r\nx = 1\r\n'
    assert after["bom.py"].startswith(b"\xef\xbb\xbf")
    assert not any(b"import os" in content for content in after.values())
    assert (await audit(root, engines=("ruff",))).findings == []
    for one in run.findings:
        copy = tmp_path / one.fingerprint
        (copy / one.location.path).parent.mkdir(parents=True)
        (copy / one.location.path).write_bytes(contents[one.location.path])
        apply(GIT, copy, one.fix or "")
        assert b"import os" not in (copy / one.location.path).read_bytes()


lines = st.lists(st.text(alphabet="ab \t\r\x0c\u2028", max_size=3), max_size=8)


@given(before=lines, after=lines, ends=st.booleans(), still_ends=st.booleans())
def test_replacements_say_what_the_diff_says(before: list[str], after: list[str], ends: bool, still_ends: bool) -> None:
    old = "\n".join(before) + ("\n" if ends else "")
    new = "\n".join(after) + ("\n" if still_ends else "")
    rows = old.split("\n")
    for change in reversed(replacements(unified_diff("a.py", old, new))):
        head = "".join(f"{row}\n" for row in rows[: change.start - 1])
        tail = "\n".join(rows[change.start - 1 + change.count :])
        rows = (head + change.text + tail).split("\n")
    assert "\n".join(rows) == new


async def test_an_import_that_others_take_is_kept(audit: Audit, files: Callable[..., Path]) -> None:
    root = files({
        "events.py": '"""E."""\n\nfrom engine import Begin, Commit, Rollback, Savepoint\n\nNAME = f"x"\n',
        "engine.py": '"""E."""\n\nimport os\n\n\nclass Begin: ...\n\n\nclass Commit: ...\n',
        "main.py": "import events\nfrom events import (\n    Begin,\n)\n\nprint(Begin, events.Commit)\n",
    })  # fmt: skip
    run = await audit(root, engines=("ruff",))
    fixes = {one.message.split("`")[1]: bool(one.fix) for one in run.findings if one.rule == "F401"}
    kept = {f"engine.{name}": False for name in ("Begin", "Commit", "Rollback", "Savepoint")}
    assert fixes == kept | {"os": True}
    assert run.report.autofixable == 2
    apply(GIT, root, run.artifacts["autofix.patch"])
    assert "from engine import Begin, Commit" in (root / "events.py").read_text("utf-8")
    assert 'NAME = "x"' in (root / "events.py").read_text("utf-8")
    assert "import os" not in (root / "engine.py").read_text("utf-8")
