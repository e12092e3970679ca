"""Tell which Python files this Python cannot parse, or only with more stack than tree-walking engines have.

Reads a JSON list of paths from standard input; writes a JSON object from path to the reason, for the refused ones only.
"""

from __future__ import annotations

import ast
import gc
import json
import sys
import warnings
from pathlib import Path

MAX_DEPTH = 200
"""Engines that walk the tree use up to four Python frames a level, and Python allows a thousand."""

TOO_DEEP = "nested too deeply"


def main() -> None:
    """Check the files named on standard input."""
    gc.disable()  # trees and tokens have no cycles; looking for some takes as long as the work itself
    warnings.simplefilter("ignore")
    refused = {}
    for path in json.load(sys.stdin):
        if reason := reason_to_refuse(path):
            refused[path] = reason
    json.dump(refused, sys.stdout)


def reason_to_refuse(path: str) -> str | None:
    """Why one file is refused, or ``None``."""
    content = Path(path).read_bytes()
    try:
        tree = ast.parse(content)
    except (RecursionError, MemoryError):
        return f"{TOO_DEEP} for Python's own parser"
    except (SyntaxError, ValueError) as error:
        if "too many nested" in str(error) or deepest_bracket(content) > MAX_DEPTH:
            return f"{TOO_DEEP} for Python's own parser"
        line = getattr(error, "lineno", None)
        message = getattr(error, "msg", None) or str(error)
        return f"syntax error in line {line}: {message}" if line else f"syntax error: {message}"
    depth = depth_of(tree)
    return f"{TOO_DEEP}: {depth} levels, the engines take {MAX_DEPTH}" if depth > MAX_DEPTH else None


def depth_of(tree: ast.AST) -> int:
    """How many levels a syntax tree has; needs no stack itself."""
    depth = 0
    level: list[object] = [tree]
    while level:
        depth += 1
        below: list[object] = []
        for node in level:
            for value in node.__dict__.values():  # ast.iter_child_nodes takes three times as long
                if isinstance(value, ast.AST):
                    below.append(value)
                elif isinstance(value, list):
                    below.extend(one for one in value if isinstance(one, ast.AST))
        level = below
    return depth


def deepest_bracket(content: bytes) -> int:
    """How deeply brackets are nested; strings and comments count too, which errs on the safe side."""
    depth = deepest = 0
    for byte in content:
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b")]}":
            depth = max(0, depth - 1)
    return deepest


if __name__ == "__main__":
    main()
