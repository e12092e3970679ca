"""What acceptance checks look with: patterns of paths, JSON pointers, and what pytest says of its tests."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from agents.acceptance.files import first_match, fits
from agents.acceptance.pointer import NothingThere, at_pointer
from agents.test_counts import counted_tests
from domain.execution import TestCounts


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.py", "*.py", True),
        ("a/b.py", "*.py", False),
        ("a/b.py", "**/*.py", True),
        ("b.py", "**/*.py", True),
        ("a/b/c/d.py", "a/**/d.py", True),
        ("a/d.py", "a/**/d.py", True),
        ("a/b", "**", True),
        ("a/b/c", "a/**/**/c", True),
        ("a/b/c", "*/?/[c]", True),
        ("A.py", "a.py", False),
        ("a/b", "a", False),
        ("a", "a/**", True),
        ("a", "a/*", False),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    assert fits(path.split("/"), pattern.split("/")) is expected


def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    began = monotonic()
    assert not fits(["a"] * 500, (["**", "a"] * 200) + ["b"])
    assert monotonic() - began < 5


def test_links_lead_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "sub", outside):
        folder.mkdir(parents=True)
    (outside / "secret.txt").touch()
    (root / "there").symlink_to(outside)
    (root / "secret.txt").symlink_to(outside / "secret.txt")
    os.mkfifo(root / "pipe.txt")
    assert first_match(root, "**/*.txt", Event()) is None
    (root / "sub" / "own.txt").touch()
    assert first_match(root, "**/*.txt", Event()) == "sub/own.txt"
    stopped = Event()
    stopped.set()
    assert first_match(root, "**/*.txt", stopped) is None


DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "deep": {"x": None}}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/deep/x", None),
    ],
)
def test_pointers(pointer: str, value: Any) -> None:
    assert at_pointer(DOCUMENT, pointer) == value


@pytest.mark.parametrize("pointer", ["/nope", "/foo/2", "/foo/-", "/foo/01", "/foo/0/0", "/deep/x/y", "/foo/²"])
def test_pointers_that_lead_nowhere(pointer: str) -> None:
    with pytest.raises(NothingThere, match="there is no"):
        at_pointer(DOCUMENT, pointer)


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        ("..\n2 passed in 0.01s\n", (2, 0)),
        ("==== 1 failed, 3 passed, 2 skipped in 61.20s (0:01:01) ====\n", (3, 1)),
        ("1 passed, 1 warning, 2 errors in 0.5s\n", (1, 2)),
        ("9 passed in 1.0s\nand then\n1 failed in 0.1s\n", (0, 1)),
        ("no tests ran in 0.00s\n", (0, 0)),
        ("===== no tests ran in 0.00s =====\n", (0, 0)),
    ],
)
def test_what_pytest_counts(output: str, counts: tuple[int, int]) -> None:
    assert counted_tests("pytest", output) == TestCounts(passed=counts[0], failed=counts[1])


def test_what_cannot_be_counted() -> None:
    assert counted_tests("pytest", "Fatal Python error") is None
    assert counted_tests("python", "2 passed in 0.01s") is None
