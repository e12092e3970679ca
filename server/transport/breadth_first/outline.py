"""What a document selects, found out once: for each object type its fields, how each is resolved, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    VariableNode,
    Visitor,
    get_argument_values,
    is_leaf_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields
from strawberry.types.field import StrawberryField

from server.transport.breadth_first.leaves import Leaf, default_of, leaves_of, writer

AnyExecutor: TypeAlias = "Executor[Any]"
Details: TypeAlias = list[FieldDetails]


class Unsuited(Exception):
    """The document asks for something that only the long way knows."""


@dataclass(slots=True)
class LeafShape:
    """A scalar or an enum."""

    nullable: bool
    write: Leaf


@dataclass(slots=True)
class ListShape:
    """A list."""

    nullable: bool
    of: Shape


@dataclass(slots=True)
class ObjectShape:
    """Objects of one type."""

    nullable: bool
    outline: Outline


@dataclass(slots=True)
class AbstractShape:
    """Objects of an interface or a union. The outline of each type is found when the first of its objects comes."""

    nullable: bool
    type: GraphQLAbstractType
    details: Details
    outlines: dict[str, Outline] = field(default_factory=dict)


Shape: TypeAlias = LeafShape | ListShape | ObjectShape | AbstractShape


@dataclass(slots=True)
class LeafField:
    """A selected attribute that is a scalar or an enum; ``read`` takes it from an object."""

    name: str
    read: Leaf


@dataclass(slots=True)
class OutlinedField:
    """Any other selected field. ``arguments`` is ``None`` when they depend on the variables of the request."""

    name: str
    definition: GraphQLField
    attribute: StrawberryField | None
    nodes: list[FieldNode]
    arguments: dict[str, Any] | None
    shape: Shape

    def arguments_for(self, executor: AnyExecutor) -> dict[str, Any]:
        """The values of the arguments, as graphql-core coerces them."""
        if self.arguments is not None:
            return self.arguments
        return get_argument_values(self.definition, self.nodes[0], executor.variable_values)


@dataclass(slots=True)
class Outline:
    """The fields that are selected of an object type, in the order of the document."""

    type: GraphQLObjectType
    fields: list[LeafField | OutlinedField]


def outline_of(executor: AnyExecutor) -> Outline:
    """The outline of the executor's operation.

    Raises:
        Unsuited: it cannot be executed level by level.
    """
    root = executor.schema.query_type
    if root is None:
        raise Unsuited
    found = collect_fields(executor.schema, executor.fragments, executor.variable_values, root, executor.operation)
    return _outline(executor, root, found.grouped_field_set)


def outline_of_type(executor: AnyExecutor, graphql_type: GraphQLObjectType, details: Details) -> Outline:
    """The outline of what is selected below a field when its value has this type.

    Raises:
        Unsuited: as for ``outline_of``.
    """
    found = executor.collect_subfields(graphql_type, details)
    return _outline(executor, graphql_type, found.grouped_field_set)


def _outline(executor: AnyExecutor, graphql_type: GraphQLObjectType, grouped: dict[str, Details]) -> Outline:
    leaves = leaves_of(graphql_type)
    fields = [_field(executor, graphql_type, name, details, leaves) for name, details in grouped.items()]
    return Outline(graphql_type, fields)


def _field(
    executor: AnyExecutor, parent: GraphQLObjectType, name: str, details: Details, leaves: dict[str, Leaf]
) -> LeafField | OutlinedField:
    nodes = [one.node for one in details]
    selected = nodes[0].name.value
    if selected in leaves:
        return LeafField(name, leaves[selected])
    definition = executor.schema.get_field(parent, selected)
    if definition is None or selected.startswith("__"):
        raise Unsuited
    constant = not _uses_variables(nodes[0])
    return OutlinedField(
        name=name,
        definition=definition,
        attribute=default_of(definition),
        nodes=nodes,
        arguments=get_argument_values(definition, nodes[0]) if constant else None,
        shape=_shape(executor, definition.type, details),
    )


def _shape(executor: AnyExecutor, of: GraphQLOutputType, details: Details) -> Shape:
    nullable = not isinstance(of, GraphQLNonNull)
    inner: Any = of if nullable else cast("GraphQLNonNull[Any]", of).of_type
    if is_leaf_type(inner):
        return LeafShape(nullable, writer(inner))
    if isinstance(inner, GraphQLList):
        return ListShape(nullable, _shape(executor, inner.of_type, details))
    if isinstance(inner, GraphQLObjectType):
        return ObjectShape(nullable, outline_of_type(executor, inner, details))
    return AbstractShape(nullable, inner, details)


def _uses_variables(node: FieldNode) -> bool:
    uses = _Uses()
    for argument in node.arguments or ():
        visit(argument, uses)
    return uses.found


class _Uses(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.found = True
