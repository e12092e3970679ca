"""Expressions: CEL, the Common Expression Language. It has no loops without end, no assignments, no way out.

What it can cost is bounded before it is evaluated: its length, and how often its macros may go over how much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import cel

LONGEST = 1_000
"""Characters of an expression."""
MOST_WORK = 10_000_000
"""Values that an expression may look at, at worst; about a second."""
MOST_ANSWERED = 100_000
"""Characters and values of what an expression answers."""

MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
FUNCTIONS = MACROS | frozenset(
    {"bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "getDate", "getDayOfMonth", "getDayOfWeek"}
    | {"getDayOfYear", "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has"}
    | {"int", "matches", "max", "min", "size", "startsWith", "string", "timestamp", "type", "uint"}
)
POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<sign>[^\sA-Za-z0-9_])""",
    re.DOTALL,
)
RESERVED = frozenset({"true", "false", "null", "in"})
TYPES = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a mapping"}


class ExpressionError(Exception):
    """The expression cannot be used, or gave no value. ``offset`` is the character it is about, where that is known."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class IllTyped(ExpressionError):
    """An operation got values of types that it is not for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that an expression uses, with the fields behind it: ``steps.audit.status`` is three names."""

    path: tuple[str, ...]
    offset: int


@dataclass(frozen=True)
class Expression:
    """An expression that could be parsed."""

    source: str
    program: Any
    references: tuple[Reference, ...]
    macros: int
    literals: int

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value, as JSON would have it.

        Raises:
            ExpressionError: there is none; the message says why.
        """
        used = {reference.path[0] for reference in self.references}
        given = {name: value for name, value in variables.items() if name in used}
        self._bound(given)
        try:
            value = self.program.execute(given)
        except TypeError as error:
            raise IllTyped(_first_sentence(error)) from None
        except KeyError as error:
            raise ExpressionError(f"there is no {error.args[0]!r:.100}") from None
        except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            raise ExpressionError(_first_sentence(error)) from None
        return _plain(value)

    def _bound(self, variables: Mapping[str, Any]) -> None:
        """Refuse what could take too long: each macro goes over a list, and copies what it has so far."""
        if not self.macros:
            return
        longest, weight = _extent([_at(reference.path, variables) for reference in self.references])
        longest = max(longest, self.literals, 1)
        if longest**self.macros * max(weight, 1) > MOST_WORK:
            raise ExpressionError(
                f"its {self.macros} macros would go over up to {longest:,} items of {weight:,} values: make it simpler"
            )


@lru_cache(maxsize=1_000)
def parse(source: str) -> Expression:
    """The expression.

    Raises:
        ExpressionError: it is too long, is no CEL, or uses a function that there is not.
    """
    if len(source) > LONGEST:
        raise ExpressionError(f"an expression may have at most {LONGEST:,} characters; this has {len(source):,}")
    if not source.strip():
        raise ExpressionError("the expression is empty")
    try:
        program = cel.compile(source)
        functions = program.functions()
    except ValueError as error:
        raise _unparsable(source, str(error)) from None
    tokens = [(found.lastgroup or "", found.group(), found.start()) for found in TOKEN.finditer(source)]
    for name in functions:
        if name[0].isalpha() and name not in FUNCTIONS:
            offset = next((at for kind, text, at in tokens if kind == "name" and text == name), 0)
            raise ExpressionError(f"there is no function {name!r}", offset)
    return Expression(
        source=source,
        program=program,
        references=tuple(_references(tokens)),
        macros=sum(1 for _ in _macros(tokens)),
        literals=source.count(",") + 1,
    )


def type_of(value: Any) -> str:
    """What a value is, for a sentence."""
    return "null" if value is None else TYPES.get(type(value), "something else")


def _macros(tokens: list[tuple[str, str, int]]) -> Iterator[str]:
    """The variable of each macro that goes over a list or a mapping."""
    for before, name, opening, variable in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if (before[1], opening[1]) == (".", "(") and name[1] in MACROS and variable[0] == "name":
            yield variable[1]


def _references(tokens: list[tuple[str, str, int]]) -> Iterator[Reference]:
    bound = set(_macros(tokens))
    index = 0
    while index < len(tokens):
        kind, text, offset = tokens[index]
        before = tokens[index - 1][1] if index else ""
        after = tokens[index + 1][1] if index + 1 < len(tokens) else ""
        index += 1
        if kind != "name" or before == "." or after == "(" or text in RESERVED or text in bound:
            continue
        path = [text]
        while index + 1 < len(tokens) and tokens[index][1] == "." and tokens[index + 1][0] == "name":
            if index + 2 < len(tokens) and tokens[index + 2][1] == "(":
                break
            path.append(tokens[index + 1][1])
            index += 2
        yield Reference(tuple(path), offset)


def _unparsable(source: str, said: str) -> ExpressionError:
    found = POSITION.search(said)
    if found is None:
        return ExpressionError("this is no expression of CEL")
    line, column, reason = int(found[1]), int(found[2]), found[3]
    before = source.split("\n")[: line - 1]
    offset = sum(len(one) + 1 for one in before) + column - 1
    reason = re.sub(r" expecting \{.*", "", reason.removeprefix("Syntax error: "))
    reason = reason.replace("'<EOF>'", "end of it").replace("mismatched input", "unexpected")
    return ExpressionError(f"this is no expression of CEL: {reason}", min(offset, len(source)))


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text.split(". ")[0].rstrip(".")[:300] or type(error).__name__


def _at(path: tuple[str, ...], variables: Mapping[str, Any]) -> Any:
    """What a name with its fields stands for, as far as it is there: only that is gone over."""
    value: Any = variables
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            break
        value = value[name]
    return value


def _extent(value: Any) -> tuple[int, int]:
    """How many items the longest list or mapping has, and how many values there are in all, texts by their length."""
    longest = weight = 0
    pending = [value]
    while pending:
        one = pending.pop()
        weight += 1
        if isinstance(one, str):
            weight += len(one) // 64
        elif isinstance(one, Mapping):
            longest = max(longest, len(one))
            pending.extend(one.values())
        elif isinstance(one, list | tuple):
            longest = max(longest, len(one))
            pending.extend(one)
    return longest, weight


def _plain(value: Any) -> Any:
    budget = [MOST_ANSWERED]
    return _plainly(value, budget)


def _plainly(value: Any, budget: list[int]) -> Any:
    budget[0] -= 1 + (len(value) if isinstance(value, str) else 0)
    if budget[0] < 0:
        raise ExpressionError(f"what it answers is too large: at most {MOST_ANSWERED:,} characters and values")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plainly(one, budget) for one in value]
    if isinstance(value, dict):
        return {str(key): _plainly(one, budget) for key, one in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise ExpressionError(f"it answers {type(value).__name__}, which is nothing that could be kept")
