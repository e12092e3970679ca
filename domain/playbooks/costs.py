"""What an expression costs at worst, told from its form and from the size of the values that it names.

CEL copies: what a macro has so far is copied for each item that it goes over, with all that is in it, and each ``+``
copies what is to its left. A unit is about one value that is copied, a third of a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.playbooks.grammar import (
    Behind,
    Call,
    Chain,
    Constant,
    Either,
    Index,
    Judged,
    Listed,
    Macro,
    Name,
    Node,
    Sum,
)

TEXT_UNIT = 64
"""Characters of a text that count as one value."""
DEEPEST = 4
"""Levels of a value whose items are measured on their own; below, the whole stands for each of its items."""
PATTERN_CHARACTER = 50
"""What a character of a regular expression costs: it is compiled each time that it is used."""
PATTERN_CLASS = 2_000
r"""What a class of characters in it costs, such as ``\w``, which has all of Unicode."""
PATTERN_WORST = 200_000
"""What it costs when it counts repetitions (``{9}``) or is not known before. CEL compiles no larger ones."""
GIVES_VALUE = frozenset({"bytes", "dyn", "max", "min", "string"})
"""Functions that may answer something as large as what they are given; all others answer one value."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a value is, at most: items it has, values in all, and the largest of its items.

    Without ``largest`` each item may be as large as the whole, and ``length`` is that of the longest list in it.
    """

    length: int = 0
    weight: int = 1
    largest: Size | None = None

    @property
    def item(self) -> Size:
        """What an item or a field may be."""
        return self if self.largest is None else self.largest


ONE = Size()


def cost(node: Node, variables: Mapping[str, Any]) -> int:
    """Units that evaluating it takes, at most."""
    return _Costs(variables).whole(node)


def measured(value: Any, depth: int = DEEPEST) -> Size:
    """The size of a value of JSON."""
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, Mapping | list | tuple):
        return ONE
    if not depth:
        return _flat(value)
    weight, largest = 1, ONE
    for part in (*value.keys(), *value.values()) if isinstance(value, Mapping) else value:
        size = measured(part, depth - 1)
        weight += size.weight
        if size is not ONE:
            largest = _joined(largest, size)
    return Size(len(value), weight, largest)


def at(path: tuple[str, ...], variables: Mapping[str, Any]) -> Any:
    """What a name with its fields stands for, as far as it is there."""
    value: Any = variables
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            break
        value = value[name]
    return value


class _Costs:
    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._measured: dict[tuple[str, ...], Size] = {}
        self._spent = 0

    def whole(self, node: Node) -> int:
        size = self._size(node, {})
        return self._spent + size.weight + sum(one.weight for one in self._measured.values())

    def _size(self, node: Node, bound: Mapping[str, Size]) -> Size:
        """How large the value is; what it takes is added to what was spent."""
        match node:
            case Constant():
                return _text(node.text)
            case Name():
                return self._named(node, bound)
            case Sum():
                return self._sum(node, bound)
            case Listed():
                return self._spend(_listed(self._sizes(node.parts, bound)))
            case Judged():
                self._spend(_listed(self._sizes(node.parts, bound)))
                return ONE
            case Either():
                return self._spend(_largest(self._sizes((*node.tests, *node.answers), bound)))
            case Call():
                return self._call(node, None, bound)
            case Chain():
                size = self._size(node.first, bound)
                for behind in node.behind:
                    size = self._behind(behind, size, bound)
                return size

    def _sizes(self, nodes: tuple[Node, ...], bound: Mapping[str, Size]) -> list[Size]:
        return [self._size(one, bound) for one in nodes]

    def _spend(self, size: Size) -> Size:
        self._spent += size.weight
        return size

    def _named(self, node: Name, bound: Mapping[str, Size]) -> Size:
        name, *fields = node.path
        if name in bound:
            size = bound[name]
            for _ in fields:
                size = size.item
            return size
        if node.path not in self._measured:
            value = at(node.path, self._variables) if name in self._variables else None
            self._measured[node.path] = measured(value)
        return self._measured[node.path]

    def _sum(self, node: Sum, bound: Mapping[str, Size]) -> Size:
        first, *others = node.terms
        size = self._size(first, bound)
        for other in others:
            more = self._size(other, bound)
            largest = _joined(size.item, more.item)
            size = self._spend(Size(size.length + more.length, size.weight + more.weight, largest))
        return size

    def _behind(self, node: Behind, before: Size, bound: Mapping[str, Size]) -> Size:
        match node:
            case Call():
                return self._call(node, before, bound)
            case Macro():
                return self._macro(node, before, bound)
            case Index():
                if node.at is not None:
                    self._spend(self._size(node.at, bound))
                return self._spend(before.item)

    def _macro(self, node: Macro, over: Size, bound: Mapping[str, Size]) -> Size:
        before = self._spent
        sizes = self._sizes(node.bodies, {**bound, node.variable: over.item})
        each = self._spent - before + 1
        self._spent = before + over.length * each
        if node.name == "map":
            answer = Size(over.length, 1 + over.length * sizes[-1].weight, sizes[-1])
        elif node.name == "filter":
            answer = Size(over.length, over.weight, over.item)
        else:
            return ONE
        self._spent += over.length * answer.weight // 2
        return answer

    def _call(self, node: Call, before: Size | None, bound: Mapping[str, Size]) -> Size:
        sizes = self._sizes(node.arguments, bound)
        if before is not None:
            sizes.append(before)
        self._spend(_listed(sizes))
        if node.name == "matches" and node.arguments:
            self._spent += self._pattern(node.arguments[-1], bound)
        return _listed(sizes) if node.name in GIVES_VALUE else ONE

    def _pattern(self, node: Node, bound: Mapping[str, Size]) -> int:
        text: Any = None
        if isinstance(node, Constant):
            text = node.text
        elif isinstance(node, Name) and node.path[0] not in bound:
            text = at(node.path, self._variables)
        if not isinstance(text, str) or re.search(r"\{\s*\d", text):
            return PATTERN_WORST
        return min(len(text) * PATTERN_CHARACTER + text.count("\\") * PATTERN_CLASS, PATTERN_WORST)


def _text(text: str) -> Size:
    return Size(0, 1 + len(text) // TEXT_UNIT, ONE)


def _listed(sizes: list[Size]) -> Size:
    return Size(len(sizes), 1 + sum(one.weight for one in sizes), _largest(sizes))


def _largest(sizes: list[Size]) -> Size:
    largest = ONE
    for size in sizes:
        largest = _joined(largest, size)
    return largest


def _joined(one: Size, other: Size) -> Size:
    """What is at least as large as either."""
    if one is other or (one.largest is None and other.largest is None):
        return Size(max(one.length, other.length), max(one.weight, other.weight), one.largest)
    return Size(max(one.length, other.length), max(one.weight, other.weight), _joined(one.item, other.item))


def _flat(value: Any) -> Size:
    """How many items the longest list or mapping has, and how many values there are in all."""
    longest = weight = 0
    pending = [value]
    while pending:
        one = pending.pop()
        weight += 1
        if isinstance(one, str):
            weight += len(one) // TEXT_UNIT
        elif isinstance(one, Mapping):
            longest = max(longest, len(one))
            pending.extend((*one.keys(), *one.values()))
        elif isinstance(one, list | tuple):
            longest = max(longest, len(one))
            pending.extend(one)
    return Size(longest, weight)
