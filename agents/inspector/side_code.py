"""Which files are tests, documentation or examples, told by their paths."""

from __future__ import annotations

from pathlib import PurePosixPath

_TEST_FOLDERS = frozenset({"test", "tests"})
_SIDE_FOLDERS = frozenset({"doc", "docs", "example", "examples", "benchmark", "benchmarks", "samples"})
_SIDE_FILES = frozenset({"setup.py", "noxfile.py", "fabfile.py", "hatch_build.py", "tasks.py", "conftest.py"})


def is_test(path: str) -> bool:
    """Whether a file is test code, by the conventions of pytest and unittest."""
    parts = PurePosixPath(path).parts
    name = parts[-1]
    in_folder = any(part in _TEST_FOLDERS for part in parts[:-1])
    return in_folder or name == "conftest.py" or name.startswith("test_") or name.endswith(("_test.py", "_tests.py"))


def is_beside_the_product(path: str) -> bool:
    """Whether a file is not shipped: tests, documentation, examples, build scripts."""
    parts = PurePosixPath(path).parts
    return is_test(path) or parts[-1] in _SIDE_FILES or any(part in _SIDE_FOLDERS for part in parts[:-1])
