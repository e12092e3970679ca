"""Expressions: CEL, the Common Expression Language. It has no loops without end, no assignments, no way out.

What it can cost is bounded before it is evaluated, by its length, and by its form with the sizes of what it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import cel

from domain.playbooks.costs import cost
from domain.playbooks.grammar import MACROS, Call, Macro, Name, Node, Sum, Unknown, names, parts_of, read
from domain.playbooks.tokens import tokens

LONGEST = 1_000
"""Characters of an expression."""
MOST_WORK = 10_000_000
"""Units that an expression may cost at worst (see :mod:`domain.playbooks.costs`): a few seconds."""
MOST_TRIED = 10_000
"""What it may cost when it is only tried out, as often as a document has expressions."""
MOST_ANSWERED = 100_000
"""Characters and values of what an expression answers."""

FUNCTIONS = MACROS | frozenset(
    {"bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "getDate", "getDayOfMonth", "getDayOfWeek"}
    | {"getDayOfYear", "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has"}
    | {"int", "matches", "max", "min", "size", "startsWith", "string", "timestamp", "type", "uint"}
)
POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
TYPES = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a mapping"}


class ExpressionError(Exception):
    """The expression cannot be used, or gave no value. ``offset`` is the character it is about, where that is known."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class IllTyped(ExpressionError):
    """An operation got values of types that it is not for."""


@dataclass(frozen=True)
class Expression:
    """An expression that could be parsed. ``references`` are the names that it uses."""

    source: str
    program: Any
    node: Node
    references: tuple[Name, ...]
    may_grow: bool
    """Whether it can cost more than to look once at what it names."""

    def evaluate(self, variables: Mapping[str, Any], most: int = MOST_WORK) -> Any:
        """The value, as JSON would have it.

        Raises:
            ExpressionError: there is none, or it could cost more than ``most`` units; the message says why.
        """
        given = _pruned(variables, [reference.path for reference in self.references])
        self._bound(given, most)
        try:
            value = self.program.execute(given)
        except TypeError as error:
            raise IllTyped(_first_sentence(error)) from None
        except KeyError as error:
            raise ExpressionError(f"there is no {error.args[0]!r:.100}") from None
        except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            raise ExpressionError(_first_sentence(error)) from None
        return _plain(value)

    def _bound(self, given: Mapping[str, Any], most: int) -> None:
        """Refuse what could take too long."""
        if not self.may_grow:
            return
        units = cost(self.node, given)
        if units > most:
            said = f"{units:,}" if units < 10**15 else "far too many"
            raise ExpressionError(
                f"it could copy {said} values, of {most:,} at most: make it simpler, or let it go over less"
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
    try:
        node = read(source)
    except Unknown as unknown:
        raise ExpressionError("this cannot be used in an expression", unknown.offset) from None
    for name in functions:
        if name[0].isalpha() and name not in FUNCTIONS:
            offset = next((word.offset for word in tokens(source) if (word.kind, word.text) == ("name", name)), 0)
            raise ExpressionError(f"there is no function {name!r}", offset)
    return Expression(source, program, node, tuple(names(node)), _may_grow(node))


def type_of(value: Any) -> str:
    """What a value is, for a sentence."""
    return "null" if value is None else TYPES.get(type(value), "something else")


def _may_grow(node: Node) -> bool:
    pending: list[Any] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Macro | Sum) or (isinstance(one, Call) and one.name == "matches"):
            return True
        pending.extend(parts_of(one))
    return False


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


def _pruned(variables: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Of the variables what the paths lead to: only that is converted into values of CEL.

    What is missing stays missing. Where a path leads into something that has no fields, all of that is given.
    """
    given: dict[str, Any] = {}
    behind: dict[str, list[tuple[str, ...]]] = {}
    for name, *fields in paths:
        if name in variables:
            behind.setdefault(name, []).append(tuple(fields))
    for name, fields_of in behind.items():
        value = variables[name]
        given[name] = _pruned(value, fields_of) if isinstance(value, Mapping) and all(fields_of) else value
    return given


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
