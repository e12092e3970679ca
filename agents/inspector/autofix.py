"""Unified diffs that ``git apply`` and ``patch -p1`` take: of one finding's fix, and of all safe fixes together."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
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


def _lines(text: str) -> list[str]:
    """Lines as diffs count them: only a line feed ends one."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _name(path: str) -> str:
    """A path as it stands in a diff: quoted as C does when it has control characters, a tab after it when it has spaces."""
    if any(character < " " or character in '"\\\x7f' for character in path):
        escaped = "".join(_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in path.encode())
        return f'"{escaped}"'
    return f"{path}\t" if " " in path else path


_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
