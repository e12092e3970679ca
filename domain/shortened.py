"""A JSON value as it is shown to a person who decides about it: all of it where it is short, else enough to know it by.

What is shown is no proof of what there is: whoever shows it puts the digest of the whole beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_SHOWN = 30_000
"""Characters of what somebody is asked about that are shown."""
STEPS = ((4_000, 1_000), (1_000, 200), (200, 50), (60, 15))
"""Characters of a text and entries of a list or object that are shown: the first of these with which all of it fits."""
DEEPEST = 31
"""Levels that are shown: one less than a document may have, so that it can be part of another one."""
LONGEST_KEY = 200
MOST_PLACES = 30
"""Places of which is said what was left out there."""
LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Shortened:
    """``value`` is what is shown, ``left_out`` what is not: how much of what, by the place where it is missing."""

    value: Any
    left_out: Mapping[str, str]


def shortened(value: Any, *, most: int) -> Shortened:
    """The value with at most ``most`` characters, as :func:`domain.text.check_document` counts them.

    Long texts keep their beginning and their end, long lists and objects their first entries. The value is as it was,
    and nothing is left out, when it fits as it is. What is said of what is left out takes 10,000 characters at most.
    """
    if _fits(value, most):
        return Shortened(value, {})
    for longest, entries in STEPS:
        cut = _Cut(longest, entries, most)
        try:
            shown = cut.of(value, ())
        except _TooLarge:
            continue
        return Shortened(shown, cut.said())
    return Shortened({}, {"": "all of it: it has too many parts"})


class _TooLarge(Exception):
    """So much does not fit."""


@dataclass(slots=True)
class _Cut:
    """One attempt, with texts up to ``longest`` characters and so many ``entries``, where there is ``room``."""

    longest: int
    entries: int
    room: int
    places: dict[str, str] = field(default_factory=dict)
    further: int = 0

    def of(self, value: Any, path: tuple[str, ...]) -> Any:
        """What is shown of the value at this path.

        Raises:
            _TooLarge: there is no room for it.
        """
        if isinstance(value, str):
            return self._text(value, path)
        self._take(1)
        if not isinstance(value, Mapping | list | tuple):
            return value
        if len(path) >= DEEPEST:
            self._note(path, "what is nested deeper")
            return self._text("…", path)
        if len(value) > self.entries:
            self._note(path, f"{len(value) - self.entries:,} of {len(value):,} entries, at the end")
        if isinstance(value, Mapping):
            return dict(self._parts(value, path))
        return [self.of(part, (*path, str(index))) for index, part in enumerate(value[: self.entries])]

    def said(self) -> dict[str, str]:
        """What was left out where."""
        return self.places | ({"…": f"something at {self.further:,} further places"} if self.further else {})

    def _parts(self, value: Mapping[Any, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for number, (key, part) in enumerate(value.items()):
            if number == self.entries:
                return
            name = str(key)
            if len(name) > LONGEST_KEY:  # with its number: two long names may begin alike
                name = f"{name[:LONGEST_KEY]}… ({number})"
                self._note((*path, name), f"the end of a name of {len(str(key)):,} characters")
            self._take(1 + len(name))
            yield name, self.of(part, (*path, name))

    def _text(self, text: str, path: tuple[str, ...]) -> str:
        if len(text) <= self.longest:
            self._take(1 + len(text))
            return text
        end = self.longest // 4
        begin = self.longest - end
        left = len(text) - self.longest
        self._note(path, f"{left:,} of {len(text):,} characters, behind the first {begin:,}")
        shown = f"{text[:begin]}… ({left:,} characters are left out here) …{text[-end:]}"
        self._take(1 + len(shown))
        return shown

    def _take(self, characters: int) -> None:
        self.room -= characters
        if self.room < 0:
            raise _TooLarge

    def _note(self, path: tuple[str, ...], what: str) -> None:
        if len(self.places) < MOST_PLACES:
            self.places[".".join(path)[:LONGEST_PLACE]] = what
        else:
            self.further += 1


def _fits(value: Any, most: int) -> bool:
    size = 0
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        node, depth = pending.pop()
        length = len(node) if isinstance(node, str | Mapping | list | tuple) else 0  # every part takes one at least
        size += 1 + (length if isinstance(node, str) else 0)
        if depth > DEEPEST or size > most or length > most:
            return False
        if isinstance(node, Mapping):
            pending.extend((part, depth + 1) for pair in node.items() for part in pair)
        elif isinstance(node, list | tuple):
            pending.extend((part, depth + 1) for part in node)
    return True
