"""What an expression is made of, as far as its names and its cost need it.

CEL itself says whether an expression is one; this reads what it has accepted, and refuses what it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from domain.playbooks.tokens import Token, tokens

MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
OPERATORS = frozenset({"||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"})
ADDING, MULTIPLYING = frozenset("+-"), frozenset("*/%")
CONSTANTS = frozenset({"true", "false", "null"})


class Unknown(Exception):
    """Something that is not known here, at the character ``offset``."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, truth value or text, as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name with the fields behind it: ``steps.audit.status`` is three words."""

    path: tuple[str, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with its items, or a mapping with its keys and values."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with ``+`` or ``-`` between them: numbers, but also texts and lists, which grow."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Operands of operators that answer a number or a truth value."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``test ? answer : …``, with the last answer at the end."""

    tests: tuple[Node, ...]
    answers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function; behind a value it is given that too."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """One that goes over the list or mapping before it: ``variable`` is each of its items in the ``bodies``."""

    name: str
    variable: str
    bodies: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A part of the value before it: a field (``at`` is none), or what stands at the value of ``at``."""

    at: Node | None


Behind: TypeAlias = Call | Macro | Index


@dataclass(frozen=True, slots=True)
class Chain:
    """A value, and what is done to it one after the other: ``value.field[0].size()``."""

    first: Node
    behind: tuple[Behind, ...]


Node: TypeAlias = Constant | Name | Listed | Sum | Judged | Either | Call | Chain


def read(source: str) -> Node:
    """The expression, which CEL has accepted.

    Raises:
        Unknown: there is something that is not known here.
    """
    return _Reader([token for token in tokens(source) if token.kind != "nothing"], len(source)).whole()


def names(node: Node | Behind, bound: frozenset[str] = frozenset()) -> Iterator[Name]:
    """The names that are not those of a macro's own variable."""
    match node:
        case Name():
            if node.path[0] not in bound:
                yield node
        case Macro():
            for body in node.bodies:
                yield from names(body, bound | {node.variable})
        case _:
            for part in parts_of(node):
                yield from names(part, bound)


def parts_of(node: Node | Behind) -> tuple[Node | Behind, ...]:
    """What it is made of, in the order of the text."""
    match node:
        case Listed() | Judged():
            return node.parts
        case Sum():
            return node.terms
        case Either():
            return (*node.tests, *node.answers)
        case Call():
            return node.arguments
        case Macro():
            return node.bodies
        case Index():
            return () if node.at is None else (node.at,)
        case Chain():
            return (node.first, *node.behind)
        case _:
            return ()


class _Reader:
    """Reads words from left to right. Of a chain or a row of operators it makes one node, however long that is."""

    def __init__(self, words: list[Token], length: int) -> None:
        self._words = words
        self._next = 0
        self._end = Token("end", "", length)

    def whole(self) -> Node:
        node = self._expression()
        if self._word.kind != "end":
            raise Unknown(self._word.offset)
        return node

    @property
    def _word(self) -> Token:
        return self._words[self._next] if self._next < len(self._words) else self._end

    def _is(self, *texts: str) -> bool:
        return self._word.kind in {"sign", "name"} and self._word.text in texts

    def _take(self) -> Token:
        word = self._word
        self._next += 1
        return word

    def _skip(self, text: str) -> None:
        if not self._is(text):
            raise Unknown(self._word.offset)
        self._next += 1

    def _expression(self) -> Node:
        tests, answers = [], []
        node = self._row()
        while self._is("?"):
            self._skip("?")
            tests.append(node)
            answers.append(self._row())
            self._skip(":")
            node = self._row()
        return Either(tuple(tests), (*answers, node)) if tests else node

    def _row(self) -> Node:
        """Operands with operators between them. What binds closest is put together first."""
        judged, terms, factors = list[Node](), list[Node](), [self._operand()]
        while self._word.text in OPERATORS and self._word.kind in {"sign", "name"}:
            operator = self._take().text
            if operator not in MULTIPLYING:
                terms.append(_one(factors, Judged))
                factors = []
                if operator not in ADDING:
                    judged.append(_one(terms, Sum))
                    terms = []
            factors.append(self._operand())
        terms.append(_one(factors, Judged))
        judged.append(_one(terms, Sum))
        return _one(judged, Judged)

    def _operand(self) -> Node:
        while self._is("!", "-"):
            self._next += 1
        first = self._first()
        behind: list[Behind] = []
        while self._is(".", "["):
            if self._take().text == "[":
                behind.append(Index(self._expression()))
                self._skip("]")
            else:
                behind.append(self._behind_dot())
        return Chain(first, tuple(behind)) if behind else first

    def _behind_dot(self) -> Behind:
        name = self._named().text
        if not self._is("("):
            return Index(None)
        arguments = self._until("(", ")")
        if name in MACROS and len(arguments) in ({2, 3} if name == "map" else {2}):
            variable, *bodies = arguments
            if isinstance(variable, Name) and len(variable.path) == 1:
                return Macro(name, variable.path[0], tuple(bodies))
        return Call(name, arguments)

    def _first(self) -> Node:
        if self._is("("):
            self._skip("(")
            node = self._expression()
            self._skip(")")
            return node
        if self._is("[", "{"):
            return Listed(self._until(self._word.text, "]" if self._is("[") else "}"))
        if self._word.kind in {"text", "number"} or self._is(*CONSTANTS):
            return Constant(self._take().text)
        return self._name()

    def _name(self) -> Node:
        dot = "." if self._is(".") else ""
        self._next += len(dot)
        word = self._named()
        if self._is("("):
            return Call(dot + word.text, self._until("(", ")"))
        path = [dot + word.text]
        while self._is(".") and [one.kind for one in self._words[self._next + 1 : self._next + 2]] == ["name"]:
            if [one.text for one in self._words[self._next + 2 : self._next + 3]] == ["("]:
                break
            path.append(self._words[self._next + 1].text)
            self._next += 2
        return Name(tuple(path), word.offset)

    def _named(self) -> Token:
        if self._word.kind != "name":
            raise Unknown(self._word.offset)
        return self._take()

    def _until(self, opening: str, closing: str) -> tuple[Node, ...]:
        """Expressions within brackets, with commas between them, and colons in a mapping."""
        self._skip(opening)
        found: list[Node] = []
        while not self._is(closing):
            found.append(self._expression())
            if not self._is(closing):
                self._skip(":" if opening == "{" and self._is(":") else ",")
        self._skip(closing)
        return tuple(found)


def _one(nodes: list[Node], many: type[Sum] | type[Judged]) -> Node:
    return nodes[0] if len(nodes) == 1 else many(tuple(nodes))
