"""Unified diffs that ``git apply`` and ``patch -p1`` take: of one finding's fix, and of all safe fixes together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.inspector.source_text import BOM, split_lines

_MARK = "\\ No newline at end of file\n"


def unified_diff(path: str, before: str, after: str) -> str:
    """The change of one file as a unified diff with ``a/`` and ``b/`` paths; empty when nothing changes."""
    if before == after:
        return ""
    lines = difflib.unified_diff(_lines(before), _lines(after), _name(f"a/{path}"), _name(f"b/{path}"))
    return "".join(line if line.endswith("\n") else f"{line}\n{_MARK}" for line in lines)


def edited(text: str, edits: Sequence[Mapping[str, Any]]) -> str:
    """``text`` after ruff's edits (1-based rows, and columns counted in characters, the end exclusive)."""
    mark = BOM if text.startswith(BOM) else ""
    lines = split_lines(text.removeprefix(BOM))
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(place: Mapping[str, int]) -> int:
        return starts[min(place["row"] - 1, len(lines))] + place["column"] - 1

    whole = "".join(lines)
    for edit in sorted(edits, key=lambda edit: offset(edit["location"]), reverse=True):
        whole = whole[: offset(edit["location"])] + edit["content"] + whole[offset(edit["end_location"]) :]
    return mark + whole


@dataclass(frozen=True, slots=True)
class Replacement:
    """The lines from ``start`` (1-based) on, ``count`` of them, become ``text``."""

    start: int
    count: int
    text: str


def replacements(diff: str) -> list[Replacement]:
    """The hunks of a diff of one file."""
    found: list[Replacement] = []
    for hunk in _HUNK.split(diff)[1:]:
        header, _, body = hunk.partition("\n")
        start, count = _OLD_RANGE.match(header).groups()  # type: ignore[union-attr] # every hunk begins with its range
        text = "".join(line[1:] for line in _lines(body) if line[0] in " +")
        if body.endswith(_MARK) and not body.split("\n")[-3].startswith("-"):
            text = text.removesuffix("\n")
        size = 1 if count is None else int(count)
        found.append(Replacement(int(start) + (size == 0), size, text))
    return found


_HUNK = re.compile(r"^@@ ", re.MULTILINE)
_OLD_RANGE = re.compile(r"-(\d+)(?:,(\d+))?")


def _lines(text: str) -> list[str]:
    """Lines as diffs count them: only a line feed ends one."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _name(path: str) -> str:
    """A path as it stands in a diff: quoted when it has control characters, followed by a tab when it has spaces."""
    if any(character < " " or character in '"\\\x7f' for character in path):
        escaped = "".join(
            _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in path.encode()
        )
        return f'"{escaped}"'
    return f"{path}\t" if " " in path else path


_ESCAPES = {
    **{ord(character): f"\\{character}" for character in '"\\'},
    **{7 + number: f"\\{letter}" for number, letter in enumerate("abtnvfr")},
}
