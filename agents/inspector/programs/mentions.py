"""Tell which names occur somewhere other than where they are defined.

Reads ``{"names": [name, …], "files": [path, …]}`` from standard input and writes a JSON list of the names that occur.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_WORD = re.compile(r"[A-Za-z_]\w*")
_DYNAMIC = re.compile(r"""["'](?P<prefix>\w*[^\W_]_)(?:\{|%s|["']\s*\+)""")


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    wanted = set(request["names"])
    for path in request["files"] if wanted else ():
        wanted -= mentioned(wanted, Path(path).read_text("utf-8", errors="replace"))
    json.dump(sorted(set(request["names"]) - wanted), sys.stdout)


def mentioned(names: set[str], text: str) -> set[str]:
    """Which of ``names`` a text mentions."""
    # Whole sets first: a look at every word by itself is what takes long in a large source.
    candidates = names.intersection(_WORD.findall(text))
    found = {name for name in candidates if is_mentioned(name, text)}
    # getattr(self, f"visit_{kind}") mentions every name that begins so.
    prefixes = tuple({match["prefix"] for match in _DYNAMIC.finditer(text)})
    return found | {name for name in names if prefixes and name.startswith(prefixes)}


def is_mentioned(name: str, text: str) -> bool:
    """Whether a name occurs where it is not defined."""
    places = re.finditer(rf"(?P<definition>\b(?:def|class)\s+)?\b{re.escape(name)}\b", text)
    return any(not place["definition"] for place in places)


if __name__ == "__main__":
    main()
