"""Level by level an ordinary query answers what graphql-core answers, and any other is left to graphql-core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from strawberry import Info, Parent
from strawberry.types.base import get_object_definition

from schema.direct import resolve_directly
from schema.together import TOGETHER
from server.transport.breadth_first.run import Extraordinary, data_of
from server.transport.document import Documents
from server.transport.executable import ExecutableSchema
from server.transport.limits import TransportLimits
from server.transport.request import GraphQLRequest

Variables = dict[str, Any]
LIMITS = TransportLimits()


@strawberry.enum
class Colour(Enum):
    """Values that are not their names."""

    RED = "r"
    BLUE = "b"


@dataclass
class Fact:
    """What resolvers answer; any attribute may hold anything."""

    name: Any = "a"
    maybe: Any = None
    number: Any = 7
    colour: Any = Colour.BLUE
    names: Any = field(default_factory=lambda: ["x", "y"])
    table: Any = field(default_factory=lambda: [[1], [], [2, 3]])
    inner: Any = None
    others: Any = field(default_factory=list)


@dataclass
class Remark:
    """Another thing that has a name."""

    name: Any = "r"
    text: Any = "said"


@strawberry.interface
class Named:
    """Whatever has a name."""

    name: str


async def _later(root: Parent[Any], times: int = 2) -> str:
    return "later" * times


def _scaled(root: Parent[Any], info: Info, by: Annotated[int, strawberry.argument(name="by")] = 1) -> int:
    return int(root.number * by)


async def _together(root: Parent[Any], info: Info, suffix: str = "!") -> str:
    return f"{root.name}{suffix}"


async def _all_together(info: Info, roots: Sequence[Any], suffix: str = "!") -> Sequence[str]:
    info.context.append(len(roots))
    return [f"{root.name}{suffix}" for root in roots]


TOGETHER[_together] = _all_together


@strawberry.type
class Thing(Named):
    """Every kind of field."""

    maybe: str | None
    number: int
    colour: Colour
    names: list[str]
    table: list[list[int]]
    inner: Thing | None
    others: list[Annotated[Thing | Words, strawberry.union("Other")] | None]
    later = strawberry.field(_later)
    scaled = strawberry.field(_scaled)
    together = strawberry.field(_together)


@strawberry.type
class Words(Named):
    """Something else."""

    text: str


for shown, shape in ((Thing, Fact), (Words, Remark)):
    get_object_definition(shown, strict=True).is_type_of = lambda value, _info, shape=shape: isinstance(value, shape)

FRAGMENTS = {
    "Small": " fragment Small on Thing { __typename name number colour names table }",
    "Any": " fragment Any on Named { n: name __typename }",
}
ORDINARY: dict[str, tuple[str, Variables]] = {
    "attributes": ("{ one { ...Small maybe } }", {}),
    "many": ("{ many { ...Small maybe inner { ...Small } } }", {}),
    "resolvers": ('{ many { later scaled(by: 3) t: together u: together(suffix: "?") later2: later(times: 1) } }', {}),
    "variables": ("query ($by: Int = 5, $s: String!) { many { scaled(by: $by) together(suffix: $s) } }", {"s": "."}),
    "switches": (
        "query ($a: Boolean!, $b: Boolean!) { one { name @skip(if: $a) number @include(if: $b) maybe @skip(if: $b) } }",
        {"a": True, "b": True},
    ),
    "unions": ("{ many { others { __typename ...Small ...Any ... on Words { text } } } }", {}),
    "interfaces": ("{ named { ...Any ... on Thing { number inner { ...Any } } } }", {}),
    "merged": ("{ many { inner { name } inner { number } ...Small ... { inner { together } } } }", {}),
    "nothing there": ("{ none { name inner { name } } }", {}),
}
OTHERWISE: dict[str, tuple[str, Variables]] = {
    "introspection": ("{ __schema { queryType { name } } one { name } }", {}),
    "a null": ("{ broken { name number } one { name } }", {}),
    "a wrong type": ("{ mistyped { others { __typename } } one { name } }", {}),
    "a resolver that raises": ("{ one { name } raising }", {}),
    "one of many that raises": ("{ many { name } brokenMany { inner { name number } } }", {}),
}


def served() -> tuple[ExecutableSchema, strawberry.Schema]:
    leaf = Fact(name="leaf", colour=Colour.RED, names=[])
    whole = Fact(maybe="m", inner=leaf, others=[leaf, None, Remark(), Fact(name="other")])

    def fail() -> str | None:
        raise ValueError("broken")

    async def some() -> Any:
        return [whole, leaf, whole]

    @strawberry.type
    class Query:
        one = strawberry.field(lambda: whole, graphql_type=Thing)
        many = strawberry.field(some, graphql_type=list[Thing])
        named = strawberry.field(lambda: [leaf, Remark(), whole], graphql_type=list[Named])
        none = strawberry.field(lambda: None, graphql_type=Thing | None)
        broken = strawberry.field(lambda: Fact(name=None), graphql_type=Thing | None)
        mistyped = strawberry.field(lambda: Fact(others=["x"]), graphql_type=Thing | None)
        broken_many = strawberry.field(lambda: [whole, Fact(inner=Fact(number="x"))], graphql_type=list[Thing | None])
        raising = strawberry.field(fail)

    plain, direct = strawberry.Schema(query=Query), resolve_directly(strawberry.Schema(query=Query))
    return ExecutableSchema(direct, LIMITS), plain


def with_fragments(document: str) -> str:
    return document + "".join(text for name, text in FRAGMENTS.items() if f"...{name}" in document)


async def level_by_level(document: str, variables: Variables, context: Any) -> dict[str, Any]:
    """The data by the short way alone."""
    executable, _ = served()
    request = GraphQLRequest(query=with_fragments(document), variables=variables)
    operation = Documents(LIMITS).operation(request)
    executor = executable._executor(operation, context)
    outline = operation.document.outlines.of(executor, "the only one")
    assert outline is not None
    return await data_of(executor, outline)


@pytest.mark.parametrize(("document", "variables"), ORDINARY.values(), ids=ORDINARY.keys())
async def test_ordinary_queries_answer_the_same(document: str, variables: Variables) -> None:
    _, plain = served()
    data = await level_by_level(document, variables, [])
    expected: Any = await plain.execute(with_fragments(document), variable_values=variables, context_value=[])
    assert expected.errors is None
    assert json.dumps(data) == json.dumps(expected.data), "the same values in the same order"


@pytest.mark.parametrize(("document", "variables"), OTHERWISE.values(), ids=OTHERWISE.keys())
async def test_any_other_query_answers_the_same(document: str, variables: Variables) -> None:
    executable, plain = served()
    operation = Documents(LIMITS).operation(GraphQLRequest(query=document, variables=variables))
    found = await executable.execute(operation, [])
    expected: Any = await plain.execute(document, variable_values=variables, context_value=[])
    assert json.dumps(found.data) == json.dumps(expected.data)
    assert [(e.message, e.path) for e in found.errors or ()] == [(e.message, e.path) for e in expected.errors or ()]


async def test_a_field_is_resolved_once_for_all_objects_of_its_level() -> None:
    calls: list[int] = []
    await level_by_level("{ many { together inner { together } } }", {}, calls)
    assert calls == [3, 2]


async def test_switches_change_what_is_selected() -> None:
    executable, _ = served()
    documents = Documents(LIMITS)
    text = "query ($a: Boolean!) { one { name @skip(if: $a) number } }"
    answers = []
    for value in (True, False, True):
        operation = documents.operation(GraphQLRequest(query=text, variables={"a": value}))
        answers.append((await executable.execute(operation, [])).data)
    assert answers == [{"one": {"number": 7}}, {"one": {"name": "a", "number": 7}}, {"one": {"number": 7}}]


async def test_what_is_out_of_the_ordinary_is_said() -> None:
    with pytest.raises(Extraordinary):
        await level_by_level("{ broken { name } }", {}, [])
