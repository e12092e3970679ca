"""Names that other modules take from a module that only imports them: removing such an import would break those."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_FROM = re.compile(r"\bfrom\s+(?:[\w.]*\.)?(?P<module>\w+)\s+import\s+(?P<names>\([^)]*\)|[^\n]*)")
_ATTRIBUTE = re.compile(r"\b(?P<module>\w+)\.(?P<name>\w+)")
_IMPORTED = re.compile(r"`(?P<name>[^`]+)` imported but unused")


class Taken:
    """What the modules of a source take from each other, by the last part of the module's name."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._taken: set[tuple[str, str]] = set()
        for file in files:
            text = file.read_text("utf-8")
            for match in _FROM.finditer(text):
                self._taken.update((match["module"], name) for name in re.findall(r"\w+", match["names"]))
            self._taken.update((match["module"], match["name"]) for match in _ATTRIBUTE.finditer(text))

    def takes(self, path: str, message: str) -> bool:
        """Whether the import that ruff's message of F401 calls unused in ``path`` is used from elsewhere."""
        match = _IMPORTED.search(message)
        if match is None:
            return False
        name = match["name"].rpartition(" as ")[2].rpartition(".")[2]
        return (PurePosixPath(path).stem, name) in self._taken
