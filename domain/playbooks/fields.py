"""Reading a mapping field by field: what is unknown, missing, or of another type is told with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

from domain.playbooks.nodes import Entries, Items, Node, Scalar
from domain.playbooks.problems import Mark, Problems

Read = TypeVar("Read")

DURATION = re.compile(r"([0-9]{1,7})(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Fields:
    """The fields of a mapping. What is wrong goes into ``problems``, and ``None`` is answered in its place."""

    def __init__(self, node: Node | None, what: str, known: Collection[str], problems: Problems, mark: Mark) -> None:
        self.problems = problems
        self.what = what
        self.mark = node.mark if node is not None else mark
        self._pairs: dict[str, tuple[Scalar, Node]] = {}
        if not isinstance(node, Entries):
            problems.add(self.mark, f"{what} must be a mapping, not {kind_of(node)}.")
            self.readable = False
            return
        self.readable = True
        for key, value in node.pairs:
            name = str(key.value)
            if name not in known:
                problems.add(key.mark, f"{what} has no key {name!r}{_instead(name, known)}.")
            self._pairs[name] = (key, value)

    def node(self, name: str) -> Node | None:
        """The value of a field; ``None`` when it is not there."""
        found = self._pairs.get(name)
        return None if found is None else found[1]

    def mark_of(self, name: str) -> Mark:
        """Where the key of a field stands; else the mapping."""
        found = self._pairs.get(name)
        return self.mark if found is None else found[0].mark

    def require(self, name: str) -> Node | None:
        """The value of a field that has to be there."""
        if self.readable and name not in self._pairs:
            self.problems.add(self.mark, f"{self.what} needs {name!r}.")
        return self.node(name)

    def wrong(self, node: Node, reason: str) -> None:
        """Note a problem with a value."""
        self.problems.add(node.mark, reason)

    def text(self, name: str, *, most: int = 10_000, required: bool = False) -> str | None:
        """A text."""
        node = self.require(name) if required else self.node(name)
        return None if node is None else self.text_of(node, name, most=most)

    def text_of(self, node: Node, name: str, *, most: int = 10_000) -> str | None:
        """A node that must be a text."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self.wrong(node, f"{name!r} must be a text, not {kind_of(node)}.")
        elif not node.value.strip():
            self.wrong(node, f"{name!r} must not be empty.")
        elif len(node.value) > most:
            self.wrong(node, f"{name!r} may have at most {most:,} characters.")
        else:
            return node.value
        return None

    def truth(self, name: str, default: bool) -> bool:
        """True or false."""
        node = self.node(name)
        if node is None:
            return default
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            self.wrong(node, f"{name!r} must be true or false, not {kind_of(node)}.")
            return default
        return node.value

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number within limits."""
        node = self.node(name)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(node, f"{name!r} must be a whole number from {least:,} to {most:,}, not {kind_of(node)}.")
            return default
        return value

    def duration(self, name: str, *, least: timedelta, most: timedelta) -> timedelta | None:
        """A time span such as ``90s``, ``15m``, ``2h`` or ``1d``."""
        node = self.node(name)
        if node is None:
            return None
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        found = DURATION.fullmatch(text)
        if found is None:
            self.wrong(node, f"{name!r} must be a time span such as 30s, 15m, 2h or 1d, not {kind_of(node)}.")
            return None
        span = timedelta(seconds=int(found[1]) * SECONDS[found[2]])
        if not least <= span <= most:
            self.wrong(node, f"{name!r} must be from {least} to {most}.")
            return None
        return span

    def choice(self, name: str, default: Read, choices: dict[str, Read]) -> Read:
        """One of a few words."""
        node = self.node(name)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, str) or value not in choices:
            self.wrong(node, f"{name!r} must be one of {', '.join(choices)}; it is {kind_of(node)}.")
            return default
        return choices[value]

    def items(self, name: str, *, most: int) -> tuple[Node, ...]:
        """The nodes of a list."""
        node = self.node(name)
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.wrong(node, f"{name!r} must be a list, not {kind_of(node)}.")
            return ()
        if len(node.nodes) > most:
            self.wrong(node, f"{name!r} may have at most {most:,} entries; this has {len(node.nodes):,}.")
        return node.nodes[:most]

    def entries(self, name: str, *, most: int) -> tuple[tuple[Scalar, Node], ...]:
        """The pairs of a mapping."""
        node = self.node(name)
        if node is None:
            return ()
        if not isinstance(node, Entries):
            self.wrong(node, f"{name!r} must be a mapping, not {kind_of(node)}.")
            return ()
        if len(node.pairs) > most:
            self.wrong(node, f"{name!r} may have at most {most:,} entries; this has {len(node.pairs):,}.")
        return node.pairs[:most]

    def each(self, name: str, read: Callable[[Node], Any], *, most: int) -> tuple[Any, ...]:
        """What ``read`` makes of each node of a list; what it makes nothing of is left out."""
        found = [read(node) for node in self.items(name, most=most)]
        return tuple(one for one in found if one is not None)


def kind_of(node: Node | None) -> str:
    """What a node is, for a sentence."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a mapping"
    value = node.value if node is not None else None
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"the text {value!r:.60}" if isinstance(value, str) else f"the number {value}"


def _instead(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; it may have {', '.join(sorted(known))}"
