"""Find import cycles between the modules of a source, without importing anything.

Reads a JSON list of paths (relative to the working directory) from standard input and writes a JSON list of cycles;
a cycle is a list of ``{"path", "module", "line"}``, each importing the next and the last the first. Imports
inside functions and under ``if TYPE_CHECKING`` do not run when a module is loaded and are left out.
"""

from __future__ import annotations

import ast
import gc
import json
import sys
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement has others in it."""

MOST_STARTS = 500
"""In a larger knot the shortest cycle through one of so many modules is short enough."""

Graph = dict[str, dict[str, int]]
"""Module → imported module → line of the first such import; modules are named by their paths."""


def main() -> None:
    """Answer the request on standard input."""
    gc.disable()  # trees and tokens have no cycles; looking for some takes as long as the work itself
    warnings.simplefilter("ignore")
    paths = json.load(sys.stdin)
    graph = import_graph(paths)
    cycles = [shortest_cycle(graph, component) for component in components(graph)]
    names = names_of(paths)
    json.dump([described(cycle, graph, names) for cycle in sorted(cycles)], sys.stdout)


def names_of(paths: Iterable[str]) -> dict[str, str]:
    """Dotted names by path: from the outermost folder that is a package; a folder without ``__init__.py`` ends it."""
    known = set(paths)
    names = {}
    for path in known:
        pure = PurePosixPath(path)
        parts = [] if pure.name == "__init__.py" else [pure.stem]
        folder = pure.parent
        while (folder / "__init__.py").as_posix() in known and folder.name:
            parts.insert(0, folder.name)
            folder = folder.parent
        names[path] = ".".join(parts)
    return names


def import_graph(paths: list[str]) -> Graph:
    """Which module imports which when it is loaded, for the modules among ``paths`` only."""
    names = names_of(paths)
    by_name: dict[str, list[str]] = {}
    for path, name in sorted(names.items()):
        by_name.setdefault(name, []).append(path)
    graph: Graph = {path: {} for path in paths}
    for path in paths:
        tree = ast.parse(Path(path).read_bytes())
        package = names[path] if path.endswith("__init__.py") else names[path].rpartition(".")[0]
        for target, line in loaded(tree, package):
            imported = resolve(target, path, by_name)
            if imported is not None and imported != path:
                graph[path].setdefault(imported, line)
    return graph


def resolve(target: tuple[str, str | None], importer: str, by_name: dict[str, list[str]]) -> str | None:
    """The path of an imported module: the submodule if there is one, else the module that holds the name."""
    module, name = target
    candidates = by_name.get(f"{module}.{name}" if module else str(name)) if name else None
    candidates = candidates or by_name.get(module) or []
    if len(candidates) <= 1:
        return candidates[0] if candidates else None
    # Several scripts may share a name: then only the one beside the importer can be meant.
    folder = PurePosixPath(importer).parent
    beside = [path for path in candidates if PurePosixPath(path).parent == folder]
    return beside[0] if beside else None


def loaded(tree: ast.Module, package: str) -> Iterator[tuple[tuple[str, str | None], int]]:
    """What a module imports while it is loaded: ``((module, name or None), line)``."""
    pending: deque[ast.AST] = deque([tree])
    while pending:
        node = pending.popleft()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.name, None), node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            if base is not None:
                for alias in node.names:
                    yield (base, alias.name), node.lineno
        elif isinstance(node, ast.If) and is_type_checking(node.test):
            pending.extend(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            for part in _STATEMENTS:
                pending.extend(getattr(node, part, ()))


def absolute(node: ast.ImportFrom, package: str) -> str | None:
    """The dotted name behind ``from … import``; ``None`` when it leaves the package."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level - 1 > len(parts):
        return None
    base = parts[: len(parts) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING`` or ``typing.TYPE_CHECKING``."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def components(graph: Graph) -> list[list[str]]:
    """Strongly connected components of more than one module (Kosaraju's algorithm, without recursion)."""
    backwards: dict[str, list[str]] = {node: [] for node in graph}
    for node, imported in graph.items():
        for target in imported:
            backwards[target].append(node)
    seen: set[str] = set()
    found = []
    for root in reversed(finishing_order(graph)):
        if root not in seen:
            component = reachable(root, backwards, seen)
            if len(component) > 1:
                found.append(component)
    return found


def finishing_order(graph: Graph) -> list[str]:
    """The nodes in the order in which a depth-first search leaves them."""
    seen: set[str] = set()
    order = []
    for root in graph:
        work = [(root, iter(graph[root]))] if root not in seen else []
        seen.add(root)
        while work:
            node, successors = work[-1]
            following = next((successor for successor in successors if successor not in seen), None)
            if following is None:
                order.append(node)
                work.pop()
            else:
                seen.add(following)
                work.append((following, iter(graph[following])))
    return order


def reachable(root: str, edges: dict[str, list[str]], seen: set[str]) -> list[str]:
    """What can be reached from ``root`` without passing nodes in ``seen``, which grows by it."""
    seen.add(root)
    found = [root]
    for node in found:
        for following in edges[node]:
            if following not in seen:
                seen.add(following)
                found.append(following)
    return found


def shortest_cycle(graph: Graph, component: list[str]) -> list[str]:
    """A shortest cycle within a component, beginning with its smallest path, so that it is the same every time."""
    inside = set(component)
    best: list[str] = []
    for start in sorted(component)[:MOST_STARTS]:
        came_from: dict[str, str | None] = {start: None}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            following = sorted(inside & graph[node].keys())
            if start in following:
                cycle = path_to(node, came_from)
                if not best or len(cycle) < len(best):
                    best = cycle
                break
            for successor in following:
                if successor not in came_from:
                    came_from[successor] = node
                    queue.append(successor)
        if len(best) == 2:
            break
    first = best.index(min(best))
    return best[first:] + best[:first]


def path_to(node: str, came_from: dict[str, str | None]) -> list[str]:
    """The nodes from the start of a search to ``node``."""
    path = []
    current: str | None = node
    while current is not None:
        path.append(current)
        current = came_from[current]
    return path[::-1]


def described(cycle: list[str], graph: Graph, names: dict[str, str]) -> list[dict[str, object]]:
    """A cycle as JSON: each module with the line on which it imports the next."""
    following = [*cycle[1:], cycle[0]]
    return [
        {"path": path, "module": names[path] or path, "line": graph[path][imported]}
        for path, imported in zip(cycle, following, strict=True)
    ]


if __name__ == "__main__":
    main()
