"""Clients as their registries have them: query, mutation, error, a subscription to its end, and two cuts on the way."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.conformance.client_run import CUT_DURING, ClientRun, Observations
from tests.conformance.npm_packages import HERE, SCHEMA, NpmPackages
from tests.conformance.outcomes import Row, recorded
from tests.conformance.severable import SeverableLine

HISTORY = """query ($id: ID!) { execution(id: $id) { status events(first: 100) {
  edges { cursor node { sequence } } pageInfo { hasNextPage } } } }"""

pytestmark = pytest.mark.verify


@pytest.fixture
def run(line: SeverableLine, tmp_path_factory: pytest.TempPathFactory, token: str, project: str) -> ClientRun:
    return ClientRun(line, tmp_path_factory.mktemp("client"), token, project)


async def judge(row: Row, seen: Observations, run: ClientRun, client: GraphQLClient, unknown: bool = True) -> None:
    """Assert on what a client saw, and fill its row."""
    assert seen.query["codes"] == []
    assert seen.query["data"]["viewer"]["name"]
    row.show("query")
    assert seen.mutation["codes"] == []
    created = seen.mutation["data"]["createTask"]
    assert created["errors"] == []
    row.show("mutation")
    assert seen.errors == [["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"] if unknown else None]
    row.show("error")
    assert seen.completed
    answer = await client.query(HISTORY, {"id": created["task"]["latestExecution"]["id"]})
    events = answer["execution"]["events"]
    assert answer["execution"]["status"] == "SUCCEEDED"
    assert events["pageInfo"]["hasNextPage"] is False
    assert seen.updates[-1]["event"]["__typename"] == "ExecutionFinished"
    row.show("subscription")
    assert run.line.severed >= len(CUT_DURING)
    assert run.line.turned_away >= len(CUT_DURING)
    assert [(update["cursor"], update["event"]["sequence"]) for update in seen.updates] == [
        (edge["cursor"], edge["node"]["sequence"]) for edge in events["edges"]
    ], "a gap or a duplicate"
    row.show("reconnect")


@pytest.mark.parametrize("package", ["graphql-ws", "graphql-sse"])
async def test_protocol_clients(
    package: str, npm_packages: NpmPackages, run: ClientRun, client: GraphQLClient, request: pytest.FixtureRequest
) -> None:
    with recorded(request, package, npm_packages.version(package)) as row:
        seen = await run.of(str(npm_packages.node.program), f"clients/{package}.mjs", cwd=npm_packages.folder)
        await judge(row, seen, run, client)


async def test_apollo_client(
    npm_packages: NpmPackages, run: ClientRun, client: GraphQLClient, request: pytest.FixtureRequest
) -> None:
    with recorded(request, "Apollo Client", npm_packages.version("@apollo/client")) as row:
        seen = await run.of(str(npm_packages.node.program), "clients/apollo.mjs", cwd=npm_packages.folder)
        await judge(row, seen, run, client)


async def test_urql_with_event_streams_on(
    npm_packages: NpmPackages, run: ClientRun, client: GraphQLClient, request: pytest.FixtureRequest
) -> None:
    with recorded(request, "urql", npm_packages.version("@urql/core")) as row:
        seen = await run.of(str(npm_packages.node.program), "clients/urql.mjs", cwd=npm_packages.folder)
        await judge(row, seen, run, client)
        assert all("text/event-stream" in (one["accept"] or "") for one in seen.exchanges)
        kinds = [(one["contentType"] or "").partition(";")[0] for one in seen.exchanges]
        assert kinds == ["application/graphql-response+json"] * 4 + ["text/event-stream"] * 3


async def test_relay(
    npm_packages: NpmPackages, run: ClientRun, client: GraphQLClient, request: pytest.FixtureRequest
) -> None:
    with recorded(request, "Relay compiler and runtime", npm_packages.version("relay-compiler")) as row:
        application = npm_packages.folder / "clients" / "relay"
        shutil.copy(SCHEMA, application)
        (application / "generated").mkdir()
        code, output = await npm_packages.run("node_modules/relay-compiler/cli.js", "relay.config.json", "--noWatchman")
        assert code == 0, output
        made = {path.name.removesuffix(".graphql.js") for path in (application / "generated").iterdir()}
        assert {"boardTaskListPageQuery", "boardFindingListPageQuery", "boardExecutionRefetchQuery"} <= made
        seen = await run.of(str(npm_packages.node.program), "clients/relay.mjs", cwd=npm_packages.folder)
        await judge(row, seen, run, client, unknown=False)


async def test_python_gql(run: ClientRun, client: GraphQLClient, request: pytest.FixtureRequest) -> None:
    with recorded(request, "gql (Python)", importlib.metadata.version("gql")) as row:
        seen = await run.of(sys.executable, str(HERE / "clients" / "python_gql.py"), cwd=Path(HERE))
        await judge(row, seen, run, client)
