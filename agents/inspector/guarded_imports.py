"""Imports that may fail without harm: behind ``except ImportError``, a check of the platform, or ``TYPE_CHECKING``."""

from __future__ import annotations

import ast

_HARMLESS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_CONDITIONS = frozenset({"TYPE_CHECKING", "platform", "version_info", "system", "implementation"})


def guarded_import_lines(source: str) -> set[int]:
    """The lines of guarded imports in a module; none when it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_catches_import_error(handler) for handler in node.handlers):
            # What a handler falls back to is as optional as what it replaces.
            lines |= _imports([*node.body, *node.handlers])
        elif isinstance(node, ast.If) and _asks_the_platform(node.test):
            lines |= _imports([*node.body, *node.orelse])
    return lines


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _HARMLESS for name in caught)


def _asks_the_platform(test: ast.expr) -> bool:
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(test)
        if isinstance(node, (ast.Attribute, ast.Name))
    }
    return not names.isdisjoint(_CONDITIONS)


def _imports(nodes: list[ast.AST]) -> set[int]:
    return {
        inner.lineno for node in nodes for inner in ast.walk(node) if isinstance(inner, (ast.Import, ast.ImportFrom))
    }
