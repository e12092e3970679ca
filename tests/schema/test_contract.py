"""The rules of the schema, checked on the schema itself."""

from collections.abc import Iterator
from typing import Any, cast, get_args

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    is_introspection_type,
    is_specified_scalar_type,
)

import domain.events
from domain.error_codes import ErrorCode
from domain.errors import Rejection
from schema.build import build_schema
from schema.event import EVENT_TYPES
from schema.print import SDL_FILE, sdl
from schema.query import LOOKUPS

GRAPH = build_schema()._schema
ROOTS = {"Query", "Mutation", "Subscription"}


def own_types() -> Iterator[GraphQLNamedType]:
    for type_ in GRAPH.type_map.values():
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_):
            yield type_


def described() -> Iterator[tuple[str, str | None]]:
    for type_ in own_types():
        yield type_.name, type_.description
        if isinstance(type_, GraphQLEnumType):
            for name, value in type_.values.items():
                yield f"{type_.name}.{name}", value.description
        elif isinstance(type_, GraphQLInputObjectType):
            for name, input_field in type_.fields.items():
                yield f"{type_.name}.{name}", input_field.description
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{type_.name}.{name}({argument_name})", argument.description


def test_everything_has_a_description() -> None:
    silent = [name for name, description in described() if not description]
    assert silent == []


def test_the_committed_sdl_is_current() -> None:
    assert SDL_FILE.read_text(encoding="utf-8") == sdl(), "run `python -m schema.print`"


def test_enums_say_that_they_may_grow() -> None:
    enums = [type_ for type_ in own_types() if isinstance(type_, GraphQLEnumType)]
    assert enums
    assert [one.name for one in enums if "may grow" not in (one.description or "")] == []


def test_scalars_say_what_specifies_them() -> None:
    scalars = {type_.name: type_ for type_ in own_types() if isinstance(type_, GraphQLScalarType)}
    assert set(scalars) == {"DateTime", "Duration", "Decimal", "JSON", "Cursor", "URL"}
    assert [name for name, type_ in scalars.items() if not (type_.specified_by_url or "").startswith("https://")] == []


def test_mutations_take_one_input_and_answer_a_payload_with_errors() -> None:
    mutation = GRAPH.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        stem = name[0].upper() + name[1:]
        assert {argument: str(value.type) for argument, value in field.args.items()} == {"input": f"{stem}Input!"}
        assert str(field.type) == f"{stem}Payload!"
        payload = GRAPH.type_map[f"{stem}Payload"]
        assert isinstance(payload, GraphQLObjectType)
        assert str(payload.fields["errors"].type) == "[UserError!]!"
        for other, payload_field in payload.fields.items():
            assert other == "errors" or not isinstance(payload_field.type, GraphQLNonNull), f"{name}.{other}"


def test_what_creates_or_dispatches_takes_an_idempotency_key_and_what_updates_a_version() -> None:
    mutation = GRAPH.mutation_type
    assert mutation is not None
    for name in mutation.fields:
        given = GRAPH.type_map[f"{name[0].upper()}{name[1:]}Input"]
        assert isinstance(given, GraphQLInputObjectType)
        once = name.startswith(("create", "add", "call", "dispatch", "retry", "run", "approve", "reject", "send"))
        versioned = name in {
            *("updateTask", "deleteTask", "setFindingState", "savePlaybook", "approve", "reject", "correctMemory"),
        }
        assert ("idempotencyKey" in given.fields) is once, name
        assert ("expectedVersion" in given.fields) is versioned, name


def test_the_required_fields_are_there() -> None:
    wanted = {
        "Query": (
            "node nodes viewer workspace project projects task tasks execution executions agent agents findings "
            "awaitingApprovals memories recall memorySearch"
        ),
        "Mutation": (
            "createProject createTask createTasks updateTask deleteTask addDependency removeDependency dispatchTask "
            "dispatchTasks cancelExecution cancelTask retryTask setFindingState approve reject remember "
            "correctMemory eraseMemory eraseMemories sendMessage"
        ),
        "Subscription": "executionEvents taskEvents workspaceEvents approvalEvents messages",
        "Task": "dependencies dependents executions latestExecution blockedBy findings viewerCan version",
        "Execution": (
            "number status progress steps events toolCalls findings artifacts usage result error worker startedAt "
            "finishedAt durationMs cancelRequestedAt"
        ),
    }
    for type_name, names in wanted.items():
        type_ = GRAPH.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        assert set(names.split()) <= set(type_.fields), type_name


def test_connections_have_the_same_shape_and_arguments() -> None:
    found = 0
    for type_ in own_types():
        if not isinstance(type_, GraphQLObjectType):
            continue
        for name, field in type_.fields.items():
            if str(field.type).endswith("Connection!"):
                found += 1
                assert {"first", "last", "after", "before"} <= set(field.args), f"{type_.name}.{name}"
        if type_.name.endswith("Connection"):
            assert set(type_.fields) == {"edges", "nodes", "pageInfo", "totalCount"}
    assert found > 10


def test_every_node_can_be_asked_for_by_its_id() -> None:
    node = GRAPH.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {type_.name for type_ in GRAPH.get_possible_types(node)} == set(LOOKUPS)


def test_every_event_of_the_domain_has_a_type() -> None:
    event = GRAPH.type_map["Event"]
    assert isinstance(event, GraphQLInterfaceType)
    kinds = set(get_args(domain.events.Event))
    assert set(EVENT_TYPES) == kinds
    assert {type_.name for type_ in GRAPH.get_possible_types(event)} == {kind.__name__ for kind in kinds}


def test_every_code_of_the_domain_is_published() -> None:
    codes = {one.code for one in Rejection.__subclasses__()}
    assert codes <= set(ErrorCode)
    shown = GRAPH.type_map["ErrorCode"]
    assert isinstance(shown, GraphQLEnumType)
    assert set(shown.values) == set(ErrorCode.__members__)


@pytest.mark.parametrize("root", sorted(ROOTS))
def test_roots_are_not_reachable_from_below(root: str) -> None:
    for type_ in own_types():
        if isinstance(type_, GraphQLObjectType) and type_.name not in ROOTS:
            assert root not in {str(field.type).strip("[]!") for field in type_.fields.values()}


@pytest.mark.parametrize("abstract", ["Event", "UserError", "BlockReason", "AgentResult"])
def test_one_document_can_select_every_kind(abstract: str) -> None:
    """Fields of one name must be of one type, or a client could not select them side by side."""
    types: dict[str, set[str]] = {}
    for type_ in GRAPH.get_possible_types(cast("Any", GRAPH.type_map[abstract])):
        for name, field in type_.fields.items():
            types.setdefault(name, set()).add(str(field.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
