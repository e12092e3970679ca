"""Fields that graphql-core resolves directly answer what they answer through Strawberry's chain."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import strawberry
from strawberry import Info, Parent
from strawberry.permission import BasePermission

from schema.direct import resolve_directly


@strawberry.input
class Given:
    """An input object: its field has to go through the chain, which makes an object of it."""

    text: str


def _with_parent(root: Parent[str]) -> str:
    return root


def _with_both(root: Parent[str], info: Info[Any, None]) -> str:
    return f"{root} {info.field_name} {info.context}"


def _with_info_first(info: Info[Any, None], root: Parent[str]) -> str:
    return f"{root} {info.python_name}"


async def _with_arguments(
    root: Parent[str],
    first_number: int,
    info: Info[Any, None],
    renamed: Annotated[str, strawberry.argument(name="otherName")] = "default",
    absent: int | None = strawberry.UNSET,
) -> str:
    return f"{root} {first_number} {renamed} {absent!r} {sorted(info.variable_values)}"


def _with_input(root: Parent[str], given: Given) -> str:
    return f"{root} {given.text}"


def _with_list(root: Parent[str], numbers: list[int]) -> str:
    return f"{root} {numbers}"


def _broken(root: Parent[str]) -> str:
    raise ValueError(root)


class Never(BasePermission):
    """Lives in the chain, so its field has to keep it."""

    message = "never"

    def has_permission(self, source: Any, info: Info[Any, None], **kwargs: Any) -> bool:
        """Nobody may."""
        return False


@strawberry.type
class Thing:
    """Every shape of resolver."""

    with_parent = strawberry.field(_with_parent)
    with_both = strawberry.field(_with_both)
    with_info_first = strawberry.field(_with_info_first)
    with_arguments = strawberry.field(_with_arguments)
    with_input = strawberry.field(_with_input)
    with_list = strawberry.field(_with_list)
    broken = strawberry.field(_broken, graphql_type=str | None)
    guarded = strawberry.field(_broken, graphql_type=str | None, permission_classes=[Never])


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def thing(self) -> Thing:
        """A thing."""
        return "thing"  # type: ignore[return-value]


DOCUMENT = """query ($v: Int = 5) { thing { withParent withBoth withInfoFirst broken guarded
  withArguments(firstNumber: $v, otherName: "given") b: withArguments(firstNumber: 2) c: withArguments(firstNumber: 2,
  absent: null) d: withArguments(firstNumber: 2, absent: 3)
  withInput(given: {text: "x"}) withList(numbers: [1, 2]) } }"""


@pytest.mark.parametrize("variables", [{}, {"v": 9}])
async def test_direct_resolvers_answer_the_same(variables: dict[str, Any]) -> None:
    plain, direct = strawberry.Schema(query=Query), resolve_directly(strawberry.Schema(query=Query))
    expected = await plain.execute(DOCUMENT, variable_values=variables, context_value="context")
    found = await direct.execute(DOCUMENT, variable_values=variables, context_value="context")
    assert expected.data is not None
    assert found.data == expected.data
    told = [[(error.message, error.path) for error in result.errors or ()] for result in (expected, found)]
    assert told == [[("thing", ["thing", "broken"]), ("never", ["thing", "guarded"])]] * 2
