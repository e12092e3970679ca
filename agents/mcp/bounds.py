"""Whether a JSON Schema that somebody else wrote can be evaluated without keeping us busy.

With its references expanded a schema of a few lines may have more places than there are atoms, and a regular expression
of a few characters may take Python's ``re`` for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any
from urllib.parse import unquote

MOST_PLACES = 10_000
"""Places of a schema, each reference counted as all that it refers to."""
MOST_LOOKS = 50_000
"""Places of a schema times values in the arguments: each may have to be held against each."""
MOST_WRITTEN = 20_000_000
"""Places of a schema times characters in the arguments: what does not fit is said with the value."""
LONG = 64
"""Characters of a text for which it counts as one place more: it may be said in a complaint."""

UNCHECKED = frozenset({"pattern", "uniqueItems"})
"""Keywords that are not looked at: one takes a regular expression, the other compares each value with each."""
TURNING = frozenset({"not", "oneOf", "if", "contains"})
"""Keywords under which something that is not looked at would make the rest wrong, and not only incomplete."""
UNBOUNDED = frozenset(
    {"patternProperties", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef"}
)
"""Keywords that take regular expressions, look at the same place again and again, or refer to who knows what."""

_NAMED = frozenset({"properties", "$defs", "definitions", "dependentSchemas", "dependencies"})
_LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
_SINGLE = frozenset(
    {"items", "additionalItems", "additionalProperties", "propertyNames", "contains", "contentSchema"}
    | {"not", "if", "then", "else"}
)
_ANEW = frozenset({"$id", "id", "$schema"})
"""Keywords behind whose place references, or the keywords themselves, mean something else."""


class _As(Enum):
    """What a part of a schema is."""

    SCHEMA = auto()
    NAMED_SCHEMAS = auto()
    SCHEMAS = auto()
    DATA = auto()


def soon_done(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Whether holding the arguments against the schema is soon done, ``UNCHECKED`` keywords left out."""
    survey = _Survey(schema)
    if not survey.within_bounds():
        return False
    values, characters = _size(arguments)
    return survey.places * values <= MOST_LOOKS and survey.places * characters <= MOST_WRITTEN


class _Survey:
    """Counts what there is in a schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.places = 0
        self._schema = schema
        self._used: set[str] = set()

    def within_bounds(self) -> bool:
        """Whether it has few enough places, refers to nothing outside of it, and uses no ``UNBOUNDED`` keyword."""
        pending: list[tuple[Any, _As]] = [(self._schema, _As.SCHEMA)]
        while pending:
            part, what = pending.pop()
            self.places += 1 + (len(part) // LONG if isinstance(part, str) else 0)
            if self.places > MOST_PLACES:  # where a reference leads back to itself as well
                return False
            if isinstance(part, list):
                pending.extend((one, _As.SCHEMA if what is _As.SCHEMAS else _As.DATA) for one in part)
            if not isinstance(part, Mapping):
                continue
            self.places += sum(len(name) // LONG for name in part)
            if what is not _As.SCHEMA:
                inner = _As.SCHEMA if what is _As.NAMED_SCHEMAS else _As.DATA
                pending.extend((one, inner) for one in part.values())
                continue
            if UNBOUNDED & part.keys() or (part is not self._schema and _ANEW & part.keys()):
                return False
            self._used |= part.keys()
            pending.extend(_parts(part))
            if "$ref" in part:
                target = self._target(part["$ref"])
                if target is None:
                    return False
                pending.append((target, _As.SCHEMA))
        return not (UNCHECKED & self._used and TURNING & self._used)

    def _target(self, reference: object) -> Any:
        """What a reference within the schema refers to; ``None`` for another one."""
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            return None
        found: Any = self._schema
        for segment in unquote(reference[2:]).split("/") if len(reference) > 1 else ():
            if isinstance(found, list) and segment.isdecimal() and int(segment) < len(found):
                found = found[int(segment)]
            elif isinstance(found, Mapping):
                found = found.get(segment.replace("~1", "/").replace("~0", "~"))
            else:
                return None
        return found


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[Any, _As]]:
    for keyword, value in schema.items():
        if keyword in _LISTED and isinstance(value, list):
            yield value, _As.SCHEMAS
        elif keyword in _SINGLE:
            yield value, _As.SCHEMA
        else:
            yield value, _As.NAMED_SCHEMAS if keyword in _NAMED else _As.DATA


def _size(arguments: Mapping[str, Any]) -> tuple[int, int]:
    """How many values there are, and how many characters of text."""
    values = characters = 0
    pending: list[Any] = [arguments]
    while pending:
        part = pending.pop()
        values += 1
        if isinstance(part, Mapping):
            pending.extend(part.values())
            characters += sum(map(len, part))
        elif isinstance(part, list | tuple):
            pending.extend(part)
        elif isinstance(part, str):
            characters += len(part)
    return values, characters
