"""Whatever a folder holds, an audit ends in a clear report, and what can be analysed is."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agents.inspector.inventory import MAX_FILE_BYTES
from agents.testing import AgentRun
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]
UNUSED_IMPORT = '"""A module."""\n\nimport os\n'


def reasons(run: Run) -> dict[str, str]:
    return {one.path: one.reason for one in run.report.not_analysed}


async def test_an_empty_folder(audit: Audit, tmp_path: Path) -> None:
    run = await audit(tmp_path)
    assert (run.report.files_analysed, run.report.lines_of_code, run.findings) == (0, 0, [])
    assert run.report.gate_passed
    assert [engine.skipped_reason for engine in run.report.engines] == [None] * 9
    assert "**No code was found.**" in run.artifacts["audit.md"].decode()
    assert "autofix.patch" not in run.artifacts


async def test_a_folder_that_no_engine_reads(audit: Audit, files: Write) -> None:
    run = await audit(files({"a.go": "a", "b.go": "b", "lib/c.rs": "fn main() {}", "logo.png": b"\x89PNG\0"}))
    assert run.report.files_analysed == 0
    assert run.report.languages == []
    assert reasons(run) == {
        "*.go": "no engine for Go (2 files)",
        "lib/c.rs": "no engine for Rust",
        "logo.png": "no engine for binary files",
    }


async def test_files_that_cannot_be_read(audit: Audit, files: Write) -> None:
    root = files({
        "good.py": UNUSED_IMPORT,
        "blob.py": b"\x7fELF\0\0\0\1",
        "latin.py": '"""Grüße."""\n'.encode("latin-1"),
        "declared.py": '# -*- coding: latin-1 -*-\n"""Grüße."""\n'.encode("latin-1"),
        "unknown.py": b"# coding: no-such-encoding\n",
        "huge.py": b"x = 1\n" * (MAX_FILE_BYTES // 6 + 1),
        "generated_pb2.py": "import os\n",
        "marked.py": "# This file is generated, DO NOT EDIT.\nimport os\n",
        "bom.py": b"\xef\xbb\xbf" + UNUSED_IMPORT.encode(),
    })  # fmt: skip
    run = await audit(root)
    assert {one.location.path for one in run.findings if one.rule == "F401"} == {"good.py", "bom.py"}
    assert {(one.rule, one.location.path) for one in run.findings if one.engine == "inventory"} == {
        ("binary-source", "blob.py"),
        ("broken-encoding", "latin.py"),
        ("broken-encoding", "unknown.py"),
    }
    said = reasons(run)
    assert said["blob.py"] == "a binary file, although its name ends in .py"
    assert said["latin.py"].startswith("broken encoding: byte 0xfc at offset 5 is not utf-8")
    assert said["declared.py"] == "encoded as iso-8859-1; the engines read UTF-8 only"
    assert said["huge.py"].startswith("too large: ")
    assert said["generated_pb2.py"] == said["marked.py"] == "generated code; audit what it is generated from"


async def test_a_folder_of_several_languages(audit: Audit, files: Write) -> None:
    run = await audit(
        files({"a.py": UNUSED_IMPORT, "b.js": "a()", "c.tsx": "a()", "d": "#!/bin/sh\na\n", "e.yml": "a: 1"})
    )
    assert {one.language: one.files for one in run.report.languages} == dict.fromkeys(
        ("Python", "JavaScript", "TypeScript", "shell", "YAML"), 1
    )
    by = {one.language: one.engines for one in run.report.languages}
    assert by["JavaScript"] == by["TypeScript"] == ["javascript"]
    assert (by["shell"], by["YAML"]) == (["shell"], ["yaml"])
    assert "| YAML | 1 | yaml |" in run.artifacts["audit.md"].decode()
    assert run.report.lines_of_code == 5
    assert reasons(run) == {}


async def test_a_folder_of_links_does_not_fill_the_report(audit: Audit, files: Write) -> None:
    root = files({"good.py": UNUSED_IMPORT})
    for number in range(2_500):
        (root / f"l{number:04}.py").symlink_to(root / "good.py")
    run = await audit(root, engines=("ruff",))
    assert len(run.report.not_analysed) == 1_001
    assert run.report.not_analysed[-1].path == "1500 more"
    assert len(run.artifacts["audit.md"]) < 50_000


async def test_nesting_that_kills_parsers(audit: Audit, files: Write) -> None:
    deep = {
        "unary.py": "x = " + "-" * 20_000 + "1\n",
        "brackets.py": "x = " + "[" * 50_000 + "\n",
        "sum.py": "x = " + "+".join(["a"] * 800) + "\n",
        "longer_sum.py": "x = " + "+".join(["a"] * 50_000) + "\n",
        "broken_and_deep.py": "def (:\n" + "[" * 50_000,
    }
    run = await audit(files(deep | {"good.py": UNUSED_IMPORT}))
    assert {path for path, reason in reasons(run).items() if reason.startswith("nested too deeply")} == set(deep)
    assert [one.location.path for one in run.findings] == ["good.py"]
    assert [engine.skipped_reason for engine in run.report.engines if engine.engine != "dependencies"] == [None] * 8


async def test_a_syntax_error_is_one_finding_and_the_rest_is_analysed(audit: Audit, files: Write) -> None:
    run = await audit(files({"broken.py": "def (:\n  return [\n\nclass", "good.py": UNUSED_IMPORT}))
    assert [(one.rule, one.severity, one.location.path) for one in run.findings] == [
        ("invalid-syntax", "HIGH", "broken.py"),
        ("F401", "LOW", "good.py"),
    ]
    assert {one.engine for one in run.report.not_analysed if one.path == "broken.py"} == {
        "complexity", "duplication", "dead-code", "import-cycles",
    }  # fmt: skip


async def test_syntax_of_a_newer_python_is_no_error(audit: Audit, files: Write) -> None:
    run = await audit(
        files({"new.py": '"""New."""\n\nimport os\n\n\ndef first[T](items: list[T]) -> T:\n    return items[0]\n'})
    )
    assert [one.rule for one in run.findings] == ["F401"]


async def test_strange_names(audit: Audit, files: Write) -> None:
    names = [
        "with space/a b.py",
        "new\nline.py",
        "grüße/日本.py",
        "-rf.py",
        "quote'\".py",
        "tab\t.py",
        "a:12: b.py",
        "%41.py",
    ]
    body = UNUSED_IMPORT + "\n\ndef _nobody_calls_this_{}():\n    return 1\n    return 2\n"
    run = await audit(files({name: body.format(number) for number, name in enumerate(names)}))
    for rule in ("F401", "unused-function", "unreachable-code"):
        assert sorted(one.location.path for one in run.findings if one.rule == rule) == sorted(names), rule
    assert len(run.report.most_complex) == len(names)
    assert all(one.cognitive == 0 for one in run.report.most_complex)


async def test_a_name_that_is_not_utf8(audit: Audit, files: Write) -> None:
    root = files({"good.py": UNUSED_IMPORT})
    Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py")).write_text("import os\n")
    run = await audit(root)
    assert reasons(run) == {"bad\\xff.py": "its name is not UTF-8; rename it"}
    assert [one.location.path for one in run.findings] == ["good.py"]


async def test_links_and_special_files(audit: Audit, files: Write, tmp_path: Path) -> None:
    root = files({"package/good.py": UNUSED_IMPORT})
    outside = tmp_path / "outside.py"
    outside.write_text("import secrets\n", "utf-8")
    (root / "leaves.py").symlink_to(outside)
    (root / "inside.py").symlink_to(root / "package" / "good.py")
    (root / "loop.py").symlink_to(root / "loop.py")
    (root / "package" / "up").symlink_to(root)
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket.py"))
    run = await audit(root)
    assert [one.location.path for one in run.findings] == ["package/good.py"]
    assert reasons(run) == {
        "leaves.py": "a symbolic link that leaves the source",
        "inside.py": "a symbolic link; what it leads to is audited in its own place",
        "loop.py": "a symbolic link to nowhere or to itself",
        "package/up": "a symbolic link; what it leads to is audited in its own place",
        "pipe.py": "not a regular file",
        "socket.py": "not a regular file",
    }


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """1500 folders, one in the other: deeper than recursion may go, and longer than a path may be."""
    root = tmp_path / "source"
    root.mkdir()
    folder = os.open(root, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("dd", dir_fd=folder)
        deeper = os.open("dd", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    yield root
    # Python's own rmtree, which pytest uses, recurses.
    subprocess.run(["rm", "-rf", str(root)], check=True)


async def test_deep_folders(audit: Audit, deep_folder: Path) -> None:
    (deep_folder / "good.py").write_text(UNUSED_IMPORT, "utf-8")
    run = await audit(deep_folder)
    assert [one.location.path for one in run.findings] == ["good.py"]
    [(path, reason)] = reasons(run).items()
    assert path.startswith("dd/dd/")
    assert reason == "the directory cannot be read: File name too long"


async def test_what_is_not_the_authors_is_left_out(audit: Audit, files: Write) -> None:
    other = ["node_modules/a.py", ".venv/lib/b.py", "env/lib/c.py", "pkg.egg-info/d.py", "build/e.py", "vendor/f.py"]
    contents = dict.fromkeys(other, "import os\n") | {"env/pyvenv.cfg": "home = /usr\n", "pkg/build/__init__.py": ""}
    run = await audit(files(contents | {"pkg/build/mine.py": UNUSED_IMPORT}))
    assert [one.location.path for one in run.findings] == ["pkg/build/mine.py"]
    assert set(reasons(run)) == {path.split("/")[0] for path in other}
