"""What is not the author's own code: installed packages, vendored copies, caches and generated files."""

from __future__ import annotations

import os
import re
from pathlib import Path

_DIRECTORIES = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    "node_modules": "installed packages",
    "site-packages": "installed packages",
    ".eggs": "installed packages",
    "vendor": "vendored code",
    "_vendor": "vendored code",
    "vendored": "vendored code",
    "third_party": "vendored code",
    "__pycache__": "a cache",
    ".cache": "a cache",
    ".hypothesis": "a cache",
    ".mypy_cache": "a cache",
    ".pytest_cache": "a cache",
    ".ruff_cache": "a cache",
    ".nox": "installed packages",
    ".tox": "installed packages",
    ".venv": "a virtual environment",
}
_BUILD_OUTPUT = frozenset({"build", "dist"})
_GENERATED_NAME = re.compile(r"(_pb2|_pb2_grpc)\.pyi?$")
_GENERATED_MARK = re.compile(
    r"@generated\b|^\s*(?:#|//|/?\*).*(?:\bDO NOT EDIT\b|\bautomatically generated\b|\bauto-generated\b)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_CHARACTERS = 500
_SCRIPT_NAME = re.compile(r"\.[cm]?[jt]sx?$")
_MINIFIED_NAME = re.compile(r"[.-]min\.[cm]?js$|\.bundle\.js$")
_MINIFIED_CHARACTERS = 2000
_MINIFIED_LINE = 300


def ignored_directory_reason(entry: os.DirEntry[str]) -> str | None:
    """Why a directory is not entered, or ``None`` when it is."""
    if reason := _DIRECTORIES.get(entry.name):
        return f"{reason}, not this source's own code"
    if entry.name.endswith((".egg-info", ".dist-info")):
        return "metadata of a package"
    if _holds(entry, "pyvenv.cfg"):
        return "a virtual environment, not this source's own code"
    if entry.name in _BUILD_OUTPUT and not _holds(entry, "__init__.py"):
        return "build output"
    return None


def _holds(entry: os.DirEntry[str], name: str) -> bool:
    try:
        return Path(entry.path, name).is_file()
    except OSError:
        return False  # its path is too long; whoever enters it says so


def generated_reason(name: str, text: str) -> str | None:
    """Why a file is taken for generated, or ``None``: by its name, its first lines, or the length of its lines."""
    if _GENERATED_NAME.search(name) or _GENERATED_MARK.search(text[:_HEADER_CHARACTERS]):
        return "generated code; audit what it is generated from"
    if _MINIFIED_NAME.search(name) or (_SCRIPT_NAME.search(name) and _is_minified(text)):
        return "minified code; audit what it is made from"
    return None


def _is_minified(text: str) -> bool:
    """Nobody writes so many characters on a line; a single long one may be a table or an image."""
    return len(text) > _MINIFIED_CHARACTERS and len(text) / (text.count("\n") + 1) > _MINIFIED_LINE
