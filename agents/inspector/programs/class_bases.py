"""Tell which lines are in a class with bases: what is defined there, a base may call.

Reads a JSON object from path to line numbers from standard input, and writes one with those of them that are.
"""

from __future__ import annotations

import ast
import gc
import json
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path


def main() -> None:
    """Answer the request on standard input."""
    gc.disable()  # trees have no cycles; looking for some takes as long as the work itself
    warnings.simplefilter("ignore")
    json.dump(
        {path: below_bases(Path(path).read_bytes(), lines) for path, lines in json.load(sys.stdin).items()}, sys.stdout
    )


def below_bases(source: bytes, lines: Iterable[int]) -> list[int]:
    """Those of ``lines`` that are in a class with bases, at whatever depth."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    spans = [(node.lineno, node.end_lineno or node.lineno) for node in classes if node.bases or node.keywords]
    return [line for line in lines if any(first < line <= last for first, last in spans)]


if __name__ == "__main__":
    main()
