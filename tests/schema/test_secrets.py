"""Secrets in the graph: their names, never their values."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import strawberry
import structlog
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.actor import Permission
from domain.errors import SecretUnreadable
from domain.ports import UnitOfWork
from domain.use_cases.secrets import reveal_secret
from persistence.tables import secrets
from server.logging import configure_logging
from server.settings import LogFormat
from server.transport.errors import MASKED, ErrorPublisher
from server.transport.request import GraphQLRequest
from tests.schema.conftest import DOCUMENTS, SERVED, Graph

VALUE = "correct horse battery staple"
SET = """mutation ($name: String!, $value: String!) { setSecret(input: {name: $name, value: $value}) {
  secret { id name keyId updatedBy createdAt updatedAt } errors { __typename code message path } } }"""
DELETE = """mutation ($name: String!) { deleteSecret(input: {name: $name}) {
  secret { name } errors { __typename code message } } }"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Secret { name } } }"
LIST = "{ secrets(first: 2) { nodes { name updatedBy } pageInfo { hasNextPage } totalCount { value } } }"


async def put(graph: Graph, name: str, value: str = VALUE) -> dict[str, Any]:
    payload: dict[str, Any] = (await graph.run(SET, name=name, value=value))["setSecret"]
    return payload


async def test_a_secret_is_set_listed_and_forgotten(graph: Graph) -> None:
    first = await put(graph, "deploy-key")
    assert (first["errors"], first["secret"]["name"]) == ([], "deploy-key")
    second = await put(graph, "deploy-key", "another value")
    assert second["secret"]["createdAt"] == first["secret"]["createdAt"]
    assert second["secret"]["id"] == first["secret"]["id"], "it is the same secret with another value"
    for name in ("b", "c"):
        await put(graph, name)
    listed = (await graph.run(LIST))["secrets"]
    assert [one["name"] for one in listed["nodes"]] == ["b", "c"]
    assert listed["pageInfo"]["hasNextPage"]
    assert listed["totalCount"]["value"] == 3
    assert (await graph.run(NODE, id=first["secret"]["id"]))["node"] == {"name": "deploy-key"}
    workspace_id = graph.actor.workspace_id
    assert await graph.do(lambda uow: reveal_secret(uow, workspace_id, "deploy-key")) == "another value"
    assert (await graph.run(DELETE, name="deploy-key"))["deleteSecret"]["secret"] == {"name": "deploy-key"}
    assert (await graph.run(NODE, id=first["secret"]["id"]))["node"] is None
    [error] = (await graph.run(DELETE, name="deploy-key"))["deleteSecret"]["errors"]
    assert error["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("", VALUE, ["input", "name"]),
        ("../x", VALUE, ["input", "name"]),
        ("a" * 101, VALUE, ["input", "name"]),
        ("fine", "short", ["input", "value"]),
        ("fine", "x" * 70_000, ["input", "value"]),
        ("fine", "half \ud800 a pair", ["input", "value"]),
    ],
    ids=["no name", "path", "long name", "short", "long", "surrogate"],  # they become names of workspaces
)
async def test_what_cannot_be_kept_is_refused_without_repeating_it(
    graph: Graph, name: str, value: str, path: list[str]
) -> None:
    [error] = (await put(graph, name, value))["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION_FAILED", path)
    assert value not in error["message"]


async def test_who_may_only_read_sets_nothing(viewer: Graph) -> None:
    [error] = (await put(viewer, "a"))["errors"]
    assert error["code"] == "PERMISSION_DENIED"
    assert Permission.MANAGE_SECRETS.value in error["message"]


async def test_no_type_has_a_value(schema: strawberry.Schema) -> None:
    fields = schema.get_type_by_name("Secret").fields  # type: ignore[union-attr]
    assert {field.python_name for field in fields} == {"id", "name", "key_id", "updated_by", "created_at", "updated_at"}


async def test_one_that_was_altered_in_the_database_is_a_coded_error(graph: Graph) -> None:
    await put(graph, "altered")
    workspace_id = graph.actor.workspace_id
    async with graph.platform.engine.begin() as connection:
        await connection.execute(
            update(secrets)
            .where(secrets.c.workspace_id == workspace_id)
            .values(sealed=text("set_byte(sealed, 20, get_byte(sealed, 20) # 1)"))
        )

    async def reveal(uow: UnitOfWork) -> str:
        return await reveal_secret(uow, workspace_id, "altered")

    with pytest.raises(SecretUnreadable, match="was altered"):
        await graph.do(reveal)


async def test_a_value_is_nowhere_in_the_database(graph: Graph) -> None:
    await put(graph, "hidden")
    async with graph.platform.engine.connect() as connection:
        tables = (
            await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        ).scalars()
        for table in list(tables):
            found = text(f'SELECT count(*) FROM "{table}" AS r WHERE r::text LIKE :value')
            assert (await connection.execute(found, {"value": f"%{VALUE}%"})).scalar_one() == 0, table


async def test_a_database_that_refuses_a_secret_is_told_to_nobody_but_the_log(graph: Graph) -> None:
    stream = io.StringIO()
    with logging_to(stream):
        owner = create_async_engine(graph.platform.addresses.owner_url)
        try:
            async with owner.begin() as connection:
                await connection.execute(text("ALTER TABLE secrets ADD CONSTRAINT refused CHECK (name <> 'refused')"))
            operation = DOCUMENTS.operation(GraphQLRequest(query=SET, variables={"name": "refused", "value": VALUE}))
            (error,) = (await SERVED.execute(operation, graph.context())).errors or []
            shown = ErrorPublisher().publish(error, "r")
        finally:
            async with owner.begin() as connection:
                await connection.execute(text("ALTER TABLE secrets DROP CONSTRAINT IF EXISTS refused"))
            await owner.dispose()
    assert (shown["message"], shown["extensions"]["code"]) == (MASKED, "INTERNAL")
    logged = stream.getvalue()
    assert "INSERT INTO secrets" in logged
    assert "violates check constraint" in logged
    for hidden in (VALUE, "Failing row", "parameters: ("):
        assert hidden not in logged


@contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """The log of a server at a terminal goes to the stream."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure_logging(LogFormat.CONSOLE, stream=stream)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
