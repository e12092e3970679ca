"""How heavy a GraphQL document is, found in one pass before anything expensive looks at it.

A fragment is weighed once and its weight added at every spread, so a chain of fragments that double each other costs
linear time here, while validating or writing it out would take for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from domain.error_codes import ErrorCode
from server.transport.body import is_storable
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits


@dataclass(frozen=True, slots=True)
class Weight:
    """Totals with every fragment written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: Weight) -> Weight:
        """Both in one selection set."""
        return Weight(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


def refuse_heavy(document: DocumentNode, limits: TransportLimits) -> None:
    """Let a document through that is within the limits.

    Raises:
        RequestFailure: ``DOCUMENT_TOO_COMPLEX``, naming the limit; ``BAD_USER_INPUT`` for a literal that is nested too
            deeply or holds text that cannot be stored.
    """
    weight = _Scale(document, limits).total()
    for measured, limit, noun in (
        (weight.depth, limits.depth, "levels of nesting"),
        (weight.fields, limits.fields, "fields"),
        (weight.aliases, limits.aliases, "aliases"),
        (weight.directives, limits.directives, "directives"),
    ):
        if measured > limit:
            text = f"The document has {measured} {noun}; {limit} are accepted: ask for less, or in several requests."
            raise RequestFailure(ErrorCode.DOCUMENT_TOO_COMPLEX, text)


class _Scale:
    def __init__(self, document: DocumentNode, limits: TransportLimits) -> None:
        self._document = document
        self._limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}

    def total(self) -> Weight:
        """The sum over the operations; a fragment that none of them spreads is weighed as well."""
        weight = Weight()
        for node in self._document.definitions:
            if isinstance(node, OperationDefinitionNode):
                for variable in node.variable_definitions or ():
                    self._check_literal(variable.default_value, self._limits.input_depth)
                    weight = weight.beside(self._adornments(variable))
                weight = weight.beside(self._adornments(node)).beside(self._selections(node.selection_set))
            elif isinstance(node, FragmentDefinitionNode):
                self._fragment(node.name.value)
        return weight

    def _selections(self, selections: SelectionSetNode | None) -> Weight:
        weight = Weight()
        for node in selections.selections if selections else ():
            weight = weight.beside(self._adornments(node))
            if isinstance(node, FieldNode):
                weight = weight.beside(self._field(node))
            elif isinstance(node, InlineFragmentNode):
                weight = weight.beside(self._selections(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                weight = weight.beside(self._fragment(node.name.value))
        return weight

    def _field(self, node: FieldNode) -> Weight:
        for argument in node.arguments or ():
            self._check_literal(argument.value, self._limits.input_depth)
        within = self._selections(node.selection_set)
        # Introspection is deep by nature, and validation limits how far its lists may nest.
        depth = 0 if node.name.value.startswith("__") else within.depth + 1
        return Weight(depth, within.fields + 1, within.aliases + bool(node.alias), within.directives)

    def _fragment(self, name: str) -> Weight:
        if name not in self._weighed:
            # A fragment that spreads itself weighs nothing the second time; validation refuses it later.
            self._weighed[name] = Weight()
            if fragment := self._fragments.get(name):
                within = self._selections(fragment.selection_set)
                self._weighed[name] = within.beside(self._adornments(fragment))
        return self._weighed[name]

    def _adornments(self, node: Node) -> Weight:
        directives = getattr(node, "directives", None) or ()
        for directive in directives:
            for argument in directive.arguments or ():
                self._check_literal(argument.value, self._limits.input_depth)
        return Weight(directives=len(directives))

    def _check_literal(self, value: ValueNode | None, depth: int) -> None:
        if isinstance(value, StringValueNode) and not is_storable(value.value):
            text = "A text in the document contains a NUL character or half a surrogate pair: remove it."
            raise RequestFailure(ErrorCode.BAD_USER_INPUT, text)
        if isinstance(value, ObjectValueNode) and len(value.fields) > self._limits.literal_fields:
            text = (
                f"An object in the document has more than {self._limits.literal_fields} fields: send it as a variable."
            )
            raise RequestFailure(ErrorCode.DOCUMENT_TOO_COMPLEX, text)
        for inner in _nested(value):
            if depth == 0:
                text = f"A value is nested deeper than the {self._limits.input_depth} levels that are accepted."
                raise RequestFailure(ErrorCode.BAD_USER_INPUT, text)
            self._check_literal(inner, depth - 1)


def _nested(value: ValueNode | None) -> Iterator[ValueNode]:
    if isinstance(value, ListValueNode):
        yield from value.values
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield field.value
