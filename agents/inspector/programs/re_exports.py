"""Tell which names other modules take from a module that only imports them.

Reads ``{"wanted": [[module, name], …], "files": [path, …]}`` from standard input, modules by the last part of their
name, and writes those pairs that some file takes, as ``from module import name`` or as ``module.name``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_WORD = re.compile(r"\w+")
_FROM = re.compile(r"\bfrom\s+(?:[\w.]*\.)?(?P<module>\w+)\s+import\s+(?P<names>\([^)]*\)|[^\n]*)")
_ATTRIBUTE = re.compile(r"\b(?P<module>\w+)\.(?P<name>\w+)")

Pair = tuple[str, str]


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    wanted = {(module, name) for module, name in request["wanted"]}
    found: set[Pair] = set()
    for path in request["files"] if wanted else ():
        found |= taken(wanted, Path(path).read_text("utf-8", errors="replace"))
    json.dump(sorted(found), sys.stdout)


def taken(wanted: set[Pair], text: str) -> set[Pair]:
    """Which of the wanted pairs a module takes."""
    words = set(_WORD.findall(text))
    likely = {(module, name) for module, name in wanted if module in words and name in words}
    if not likely:
        return set()
    found = {(match["module"], name) for match in _FROM.finditer(text) for name in re.findall(r"\w+", match["names"])}
    found |= {(match["module"], match["name"]) for match in _ATTRIBUTE.finditer(text)}
    return likely & found


if __name__ == "__main__":
    main()
