"""The short way through the executor gives what graphql-core's own way gives, mistakes included."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry import Parent
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from server.transport.executor import Executor


@strawberry.enum
class Colour(Enum):
    """Values that are not their names."""

    RED = "r"
    BLUE = "b"


class Bare:
    """Has none of the attributes, or raises."""

    colour = Colour.RED

    @property
    def name(self) -> str:
        raise RuntimeError("broken")


@dataclass
class Fact:
    """What a resolver answers; any attribute may hold anything."""

    name: Any = "a"
    maybe: Any = None
    number: Any = 7
    ratio: Any = 0.5
    flag: Any = True
    colour: Any = Colour.BLUE
    names: Any = field(default_factory=lambda: ["x", "y"])
    inner: Any = None


async def _later(root: Parent[Any]) -> str:
    return "later"


def _now(root: Parent[Any]) -> str:
    return "now"


@strawberry.type
class Thing:
    """A type of everything that has a short way, and of what has none."""

    name: str
    maybe: str | None
    number: int
    ratio: float
    flag: bool
    colour: Colour
    names: list[str]
    inner: Thing | None
    later = strawberry.field(_later, graphql_type=str)
    now = strawberry.field(_now, graphql_type=str)


SELECTION = """{ now b: name __typename maybe later number ...on Thing { ratio flag } colour names
  skipped: name @skip(if: true) inner { later name inner { name number } } other: colour }"""
FACTS: dict[str, Any] = {
    "whole": Fact(inner=Fact(name="b", inner=Fact(name="c"))),
    "null where it may be": Fact(maybe=None),
    "null where it must not be": Fact(name=None),
    "null further in": Fact(inner=Fact(inner=Fact(name=None))),
    "a text for a number": Fact(number="seven"),
    "a number in a text": Fact(number="7"),
    "a number for a text": Fact(name=5),
    "a flag for a number": Fact(number=True),
    "a number out of range": Fact(number=2**31),
    "not a number": Fact(ratio=float("nan")),
    "a colour by value": Fact(colour="r"),
    "an unknown colour": Fact(colour="g"),
    "a colour that cannot be hashed": Fact(colour=["r"]),
    "a list for a text": Fact(name=["a"]),
    "a text that is not one": Fact(name=ValueError("returned")),
    "an inner mistake": Fact(inner=ValueError("returned")),
    "a list of nothing": Fact(names=None),
    "no list": Fact(names=4),
    "without attributes": Bare(),
    "nothing": None,
}


def schema_of(fact: Any) -> strawberry.Schema:
    def thing() -> Any:
        return fact

    async def things() -> Any:
        return [fact, fact]

    @strawberry.type
    class Query:
        one = strawberry.field(thing, graphql_type=Thing | None)
        many = strawberry.field(things, graphql_type=list[Thing | None])

    return strawberry.Schema(query=Query)


async def executed(kind: type[Any], schema: strawberry.Schema) -> ExecutionResult:
    executor = kind.build(schema._schema, parse(f"{{ one {SELECTION} many {SELECTION} }}"))
    result = executor.execute_operation()
    return cast("ExecutionResult", result if isinstance(result, ExecutionResult) else await result)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
async def test_both_ways_give_the_same(fact: Any) -> None:
    schema = schema_of(fact)
    short = await executed(Executor, schema)
    long = await executed(StrawberryGraphQLCoreExecutionContext, schema)
    assert short.data == long.data
    assert repr(short.data) == repr(long.data), "the fields are in the order of the document, and of the same types"
    assert told(short) == told(long)


def told(result: ExecutionResult) -> list[tuple[str, str]]:
    """Where the errors are and what they say; their order depends on when each was met."""
    return sorted((str(error.path), error.message) for error in result.errors or ())
