"""Resolvers called directly by graphql-core.

Strawberry wraps each resolver in a chain that converts input objects and runs field extensions and permission classes.
There are no extensions and no permission classes here, and most fields take no input object: for them the chain would
do nothing, at a third of the cost of a query.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, cast

import strawberry
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo, is_leaf_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from schema.together import TOGETHER, Together

EXTENSION = "wrenchai.together"
"""The extension of a field that can be resolved for many objects at once."""

Resolver: TypeAlias = Callable[..., Any]
ResolveInfo: TypeAlias = GraphQLResolveInfo[Any]


def resolve_directly(schema: strawberry.Schema) -> strawberry.Schema:
    """Let graphql-core call what this schema's fields are resolved by, wherever nothing has to be converted first."""
    for graphql_type in schema._schema.type_map.values():
        if isinstance(graphql_type, GraphQLObjectType) and graphql_type is not schema._schema.subscription_type:
            for field in graphql_type.fields.values():
                definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                if isinstance(definition, StrawberryField) and not definition.extensions and _takes_leaves(field):
                    resolver = definition.base_resolver
                    if resolver is not None:
                        field.resolve = _direct(field, definition, resolver)
                        together = TOGETHER.get(cast("Resolver", resolver.wrapped_func))
                        if together is not None:
                            field.extensions[EXTENSION] = _together(field, definition, together)
    return schema


def _together(field: GraphQLField, definition: StrawberryField, resolve_all: Together) -> Together:
    names = _python_names(field)

    def call(raw_info: ResolveInfo, sources: Sequence[Any], **given: Any) -> Awaitable[Sequence[Any]]:
        arguments = {names[name]: value for name, value in given.items()}
        return resolve_all(strawberry.Info(raw_info, definition), sources, **arguments)

    return call


def _python_names(field: GraphQLField) -> dict[str, str]:
    return {
        name: argument.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name
        for name, argument in field.args.items()
    }


def _takes_leaves(field: GraphQLField) -> bool:
    return all(is_leaf_type(_nullable(argument.type)) for argument in field.args.values())


def _nullable(of: Any) -> Any:
    return of.of_type if isinstance(of, GraphQLNonNull) else of


def _direct(field: GraphQLField, definition: StrawberryField, resolver: StrawberryResolver[Any]) -> Resolver:
    function = cast("Resolver", resolver.wrapped_func)
    root = resolver.parent_parameter or resolver.root_parameter or resolver.self_parameter
    info = resolver.info_parameter
    names = _python_names(field)

    def call(source: Any, raw_info: ResolveInfo, **given: Any) -> Any:
        arguments = {names[name]: value for name, value in given.items()}
        if root is not None:
            arguments[root.name] = source
        if info is not None:
            arguments[info.name] = strawberry.Info(raw_info, definition)
        return function(**arguments)

    def call_with_both(source: Any, raw_info: ResolveInfo) -> Any:
        return function(source, strawberry.Info(raw_info, definition))

    def call_with_root(source: Any, _raw_info: ResolveInfo) -> Any:
        return function(source)

    match [one.name for one in resolver.signature.parameters.values()]:
        case [first] if root is not None and first == root.name:
            return call_with_root
        case [first, second] if root is not None and info is not None and [first, second] == [root.name, info.name]:
            return call_with_both
        case _:
            return call
