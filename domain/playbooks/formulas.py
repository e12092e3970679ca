"""Reading expressions and templates out of nodes, each problem at the character that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.playbooks.expressions import Expression, ExpressionError, parse
from domain.playbooks.nodes import Entries, Items, Node, Scalar
from domain.playbooks.problems import Mark, Problems
from domain.playbooks.templates import Template, bare, filled


@dataclass(frozen=True, slots=True)
class Placed:
    """An expression and where it stands in the document. ``place`` says what it is for, see ``names``."""

    expression: Expression
    node: Scalar
    begin: int
    place: str

    def at(self, offset: int) -> Mark:
        """Where a character of it stands."""
        return self.node.at(self.begin + offset)


@dataclass
class Formulas:
    """The expressions of one step, or of the whole; they are checked once everything is known that they may name."""

    problems: Problems
    placed: list[Placed] = field(default_factory=list)

    def expression(self, node: Node, name: str, place: str) -> Expression | None:
        """An expression where nothing else may be."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self.problems.add(node.mark, f"{name!r} must be an expression.")
            return None
        source, begin = bare(node.value)
        return self._parsed(node, source, begin, place)

    def template(self, node: Node, place: str) -> Template:
        """Any value, with expressions in its texts; ``None`` in place of what cannot be read."""
        if isinstance(node, Items):
            return [self.template(one, place) for one in node.nodes]
        if isinstance(node, Entries):
            return {str(key.value): self.template(one, place) for key, one in node.pairs}
        if not isinstance(node.value, str):
            return node.value
        try:
            return filled(node.value, lambda source, begin: self._parsed(node, source, begin, place))
        except ExpressionError as error:
            self.problems.add(node.at(error.offset), f"{_capital(error.reason)}.")
            return None

    def _parsed(self, node: Scalar, source: str, begin: int, place: str) -> Expression | None:
        lead = len(source) - len(source.lstrip())
        try:
            expression = parse(source.strip())
        except ExpressionError as error:
            self.problems.add(node.at(begin + lead + error.offset), f"{_capital(error.reason)}.")
            return None
        self.placed.append(Placed(expression, node, begin + lead, place))
        return expression

    def __iter__(self) -> Iterator[Placed]:
        return iter(self.placed)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
