"""Reading the graph on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.blocking import WaitsForRoom, WaitsForSlot, WaitsForTime, WaitsForWorker
from domain.reads import QueueFacts
from resolvers import blocking
from schema.node_ids import decode_as, encode
from tests.schema.conftest import Graph

SCREEN = """
query ($n: Int!) {
  tasks(first: $n) {
    nodes {
      key title status
      dependencies { nodes { dependsOn { key status } } }
      executions(first: 5) { nodes { number status agent { kind title } } }
    }
  }
}
"""

EVERYTHING = """
query ($n: Int!) {
  tasks(first: $n) {
    totalCount { value relation }
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
      id key title status statusReason priority agent { kind inputSchema timeout } inputs retryPolicy { backoff }
      parent { key } children { nodes { key parent { key } usage { unpricedCalls } } }
      usage { cost { spent reserved limit available } unpricedCalls units { unit spent } }
      budgets { totalCount { value } nodes { unit limit available of { __typename ... on Task { key } } } }
      blockedBy { __typename ... on WaitsForDependency { task { key } onFailure } ... on WaitsForWorker { agentKind } }
      viewerCan { dispatch cancel retry edit delete }
      project { key source { id kind location } gate { critical high medium low } viewerCan { createTasks } }
      dependents { totalCount { value } nodes { task { key project { key } } } }
      findings { edges { state node { rule project { key } } } }
      latestExecution {
        number worker { hostname } result { __typename }
        usage { toolCalls toolSeconds artifactBytes totals { cost { spent } } }
        steps { nodes { name execution { number } } } toolCalls { nodes { tool outputBytes durationMs } }
        artifacts { nodes { name url size } } events { nodes { __typename sequence execution { number } task { key } } }
        task { key } viewerCan { cancel }
        evidence {
          verdict reasons claims { kind text verified reason } toolCalls { count failed distinctTools }
          artifactCount artifactBytes sandboxes eventCount eventHead
        }
        acceptanceResults { name kind passed message sandbox details durationMs }
        receipt { document keyId publicKey issuedAt }
      }
      checks { __typename } acceptanceChecks { name }
    } }
  }
}
"""


async def diamonds(graph: Graph, count: int) -> list[dict[str, Any]]:
    """Tasks of which every one but the first depends on the one before, all dispatched."""
    project = await graph.project()
    drafts: list[dict[str, Any]] = [{"clientKey": "0"}]
    drafts += [{"clientKey": f"{n}", "dependsOn": [{"on": {"clientKey": f"{n - 1}"}}]} for n in range(1, count)]
    return await graph.tasks(project, *drafts, dispatch=True)


async def test_the_screen_query_takes_the_same_few_statements_for_5_and_for_50_tasks(graph: Graph) -> None:
    await diamonds(graph, 50)
    few, many = [await graph.counted(SCREEN, n=n) for n in (5, 50)]
    assert few == many <= 6


async def test_the_whole_graph_takes_a_constant_number_of_statements(graph: Graph) -> None:
    first, *_ = await diamonds(graph, 30)
    segment = await graph.start(first["latestExecution"]["id"])
    await graph.audit(segment)
    few, many = [await graph.counted(EVERYTHING, n=n) for n in (30, 100)]
    assert few == many
    data = await graph.run(EVERYTHING, n=30)
    oldest = data["tasks"]["edges"][-1]["node"]
    run = oldest["latestExecution"]
    assert run["worker"] == {"hostname": "here"}
    totals = {"cost": {"spent": "0"}}
    assert run["usage"] == {"toolCalls": 1, "toolSeconds": 2.0, "artifactBytes": 5.0, "totals": totals}
    assert run["toolCalls"]["nodes"] == [{"tool": "ruff", "outputBytes": 3e9, "durationMs": 2000.0}]
    assert run["artifacts"]["nodes"][0]["url"].startswith("/artifacts/")
    assert [one["sequence"] for one in run["events"]["nodes"]] == list(range(1, len(run["events"]["nodes"]) + 1))
    assert [edge["state"] for edge in oldest["findings"]["edges"]] == ["NEW", "NEW"]
    proof = run["evidence"]
    assert (proof["verdict"], proof["toolCalls"]) == ("NOT_JUDGED", {"count": 1, "failed": 1, "distinctTools": 1})
    assert (proof["artifactCount"], proof["artifactBytes"], len(proof["eventHead"])) == (1, 5.0, 64)
    assert proof["eventCount"] == len(run["events"]["nodes"])
    assert (run["acceptanceResults"], run["receipt"]) == ([], None)
    assert oldest["viewerCan"] == {"dispatch": False, "cancel": True, "retry": False, "edit": False, "delete": False}
    assert oldest["agent"]["timeout"].startswith("P")
    assert oldest["retryPolicy"] == {"backoff": "PT5S"}


@pytest.mark.parametrize("order", [{"field": "CREATED_AT", "direction": "ASC"}, {"field": "PRIORITY"}, None])
@pytest.mark.parametrize("forward", [True, False])
async def test_pages_tile_a_list_in_both_directions(graph: Graph, order: dict[str, str] | None, forward: bool) -> None:
    project = await graph.project()
    priorities = ["HIGH", "LOW", "URGENT"]
    await graph.tasks(project, *({"priority": priorities[n % 3]} for n in range(11)))
    document = """
      query ($order: TaskOrderInput, $first: Int, $last: Int, $after: Cursor, $before: Cursor) {
        tasks(orderBy: $order, first: $first, last: $last, after: $after, before: $before) {
          nodes { key } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
      }"""
    whole = (await graph.run(document, order=order, first=100))["tasks"]["nodes"]
    assert len(whole) == 11
    found: list[dict[str, str]] = []
    place: dict[str, Any] = {}
    while True:
        size = {"first": 4} if forward else {"last": 4}
        page = (await graph.run(document, order=order, **size, **place))["tasks"]
        found = found + page["nodes"] if forward else page["nodes"] + found
        info = page["pageInfo"]
        assert info["startCursor"] == page["edges"][0]["cursor"]
        if not info["hasNextPage" if forward else "hasPreviousPage"]:
            break
        place = {"after": info["endCursor"]} if forward else {"before": info["startCursor"]}
    assert found == whole


async def test_a_cursor_is_refused_in_another_list_filter_and_order(graph: Graph) -> None:
    one, other = await graph.tasks(await graph.project(), {}, {})
    document = """query ($after: Cursor, $filter: TaskFilterInput) {
      tasks(after: $after, filter: $filter) { edges { cursor } } }"""
    cursor = (await graph.run(document))["tasks"]["edges"][0]["cursor"]
    assert len((await graph.run(document, after=cursor))["tasks"]["edges"]) == 1
    for attempt in (
        graph.fail(document, after=cursor, filter={"agent": "inspector"}),
        graph.fail("query ($after: Cursor) { projects(after: $after) { nodes { key } } }", after=cursor),
        graph.fail(
            "query ($after: Cursor) { tasks(after: $after, orderBy: {field: PRIORITY}) { nodes { key } } }",
            after=cursor,
        ),
        graph.fail(document, after="nonsense"),
    ):
        assert (await attempt)[0] == "INVALID_CURSOR"
    nested = (
        "query ($id: ID!, $after: Cursor) { task(by: {id: $id}) { executions(after: $after) { edges { cursor } } } }"
    )
    dispatch = (
        "mutation ($ids: [ID!]!) { dispatchTasks(input: {taskIds: $ids}) { tasks { status } errors { message } } }"
    )
    await graph.run(dispatch, ids=[one["id"], other["id"]])
    cursor = (await graph.run(nested, id=one["id"]))["task"]["executions"]["edges"][0]["cursor"]
    assert (await graph.fail(nested, id=other["id"], after=cursor))[0] == "INVALID_CURSOR"


async def test_pages_have_limits(graph: Graph) -> None:
    for arguments in ("first: 101", "first: -1", "last: 101", "first: 1, last: 1"):
        assert (await graph.fail(f"{{ tasks({arguments}) {{ nodes {{ key }} }} }}"))[0] == "VALIDATION_FAILED"
    await graph.tasks(await graph.project(), *({} for _ in range(26)))
    assert len((await graph.run("{ tasks { nodes { key } } }"))["tasks"]["nodes"]) == 25
    nothing = await graph.run("{ tasks(first: 0) { nodes { key } pageInfo { hasNextPage startCursor } } }")
    assert nothing["tasks"] == {"nodes": [], "pageInfo": {"hasNextPage": True, "startCursor": None}}


async def test_a_total_is_counted_only_when_it_is_selected(graph: Graph) -> None:
    await graph.tasks(await graph.project(), {}, {}, {})
    without = await graph.counted("{ tasks(first: 1) { nodes { key } } }")
    hidden = """{ tasks(first: 1) { ...on TaskConnection { ...more } } }
      fragment more on TaskConnection { all: totalCount { value relation } }"""
    assert await graph.counted(hidden) == without + 1
    assert (await graph.run(hidden))["tasks"] == {"all": {"value": 3, "relation": "EXACT"}}


async def test_nodes_keep_their_order_and_hide_what_is_not_there(graph: Graph) -> None:
    project = await graph.project()
    first, second = await graph.tasks(project, {}, {})
    gone = encode("Task", uuid4())
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Task { key } } }"
    ids = [second["id"], gone, project, first["id"], encode("Nonsense", uuid4())]
    nodes = (await graph.run(document, ids=ids))["nodes"]
    assert [node and node["id"] for node in nodes] == [second["id"], None, project, first["id"], None]
    assert [node and node["__typename"] for node in nodes] == ["Task", None, "Project", "Task", None]
    assert (await graph.fail(document, ids=[first["id"]] * 101))[0] == "VALIDATION_FAILED"
    assert (await graph.fail(document, ids=[first["id"], "x"]))[0] == "BAD_USER_INPUT"


async def test_everything_persisted_is_found_again_by_its_id(graph: Graph) -> None:
    first, *_ = await diamonds(graph, 2)
    segment = await graph.start(first["latestExecution"]["id"])
    await graph.audit(segment)
    data = await graph.run(
        """{
          workspace { id } projects { nodes { id source { id } } }
          tasks { nodes { id dependencies { nodes { id } } } } findings { nodes { id } }
          executions { nodes { id worker { id }
            steps { nodes { id } } toolCalls { nodes { id } } artifacts { nodes { id } } } }
        }"""
    )
    ids = sorted(set(_ids(data)))
    nodes = (await graph.run("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids))["nodes"]
    assert [node["id"] for node in nodes] == ids
    kinds = {
        "Workspace",
        "Project",
        "Source",
        "Task",
        "Dependency",
        "Finding",
        "Execution",
        "Worker",
        "Step",
        "ToolCall",
    }
    assert {node["__typename"] for node in nodes} == kinds | {"Artifact"}
    stranger = replace(graph, actor=_elsewhere(graph.actor))
    foreign = (await stranger.run("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=ids))["nodes"]
    assert {node["__typename"] for node in foreign if node} == {"Worker"}


def _elsewhere(actor: Actor) -> Actor:
    return replace(actor, workspace_id=uuid4())


def _ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [one for part in value for one in _ids(part)]
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value else []
        return own + [one for part in value.values() for one in _ids(part)]
    return []


async def test_references_are_by_id_or_by_key(graph: Graph) -> None:
    project = await graph.project()
    (task,) = await graph.tasks(project, {})
    data = await graph.run(
        """query ($project: ID!, $task: ID!) {
          a: project(by: {id: $project}) { key } b: project(by: {key: "WR"}) { id } c: project(by: {key: "NO"}) { id }
          d: task(by: {id: $task}) { key } e: task(by: {key: "WR-1"}) { id } f: task(by: {key: "WR-9"}) { id }
        }""",
        project=project,
        task=task["id"],
    )
    assert data == {
        "a": {"key": "WR"}, "b": {"id": project}, "c": None, "d": {"key": "WR-1"}, "e": {"id": task["id"]}, "f": None,
    }  # fmt: skip
    wrong = "query ($id: ID!) { task(by: {id: $id}) { key } }"
    for bad in (project, "", "x"):
        assert (await graph.fail(wrong, id=bad))[0] == "BAD_USER_INPUT"
    assert (await graph.fail('{ tasks(filter: {projectId: ""}) { nodes { id } } }'))[0] == "BAD_USER_INPUT"
    assert (await graph.fail('{ tasks(after: "") { nodes { id } } }'))[0] == "INVALID_CURSOR"


async def test_who_may_not_read_gets_nothing_and_who_may_only_read_sees_no_buttons(graph: Graph, viewer: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    nobody = replace(graph, actor=replace(graph.actor, permissions=frozenset()))
    for field in ("tasks", "projects", "executions", "findings"):
        assert (await nobody.fail(f"{{ {field} {{ nodes {{ id }} }} }}"))[0] == "PERMISSION_DENIED"
    assert (await nobody.fail("query ($id: ID!) { node(id: $id) { id } }", id=task["id"]))[0] == "PERMISSION_DENIED"
    data = await viewer.run(
        "{ viewer { id name permissions workspace { name } } tasks { nodes { viewerCan { dispatch edit } } } }"
    )
    assert data["viewer"]["permissions"] == ["READ"]
    assert data["tasks"]["nodes"] == [{"viewerCan": {"dispatch": False, "edit": False}}]


async def test_blocked_by_names_the_reason(graph: Graph) -> None:
    first, second = await diamonds(graph, 2)
    document = """query ($id: ID!) { task(by: {id: $id}) { status blockedBy { __typename
        ... on WaitsForDependency { task { key } onFailure } ... on WaitsForSlot { limit running } } } }"""
    waiting = (await graph.run(document, id=second["id"]))["task"]
    assert waiting == {
        "status": "BLOCKED",
        "blockedBy": [{"__typename": "WaitsForDependency", "task": {"key": first["key"]}, "onFailure": "BLOCK"}],
    }
    segment = await graph.start(first["latestExecution"]["id"])
    assert (await graph.run(document, id=first["id"]))["task"] == {"status": "IN_PROGRESS", "blockedBy": []}
    await graph.finish(segment)
    assert (await graph.run(document, id=second["id"]))["task"]["status"] == "QUEUED"
    assert (await graph.run(document, id=first["id"]))["task"] == {"status": "COMPLETED", "blockedBy": []}


async def test_the_totals_of_nested_lists_are_each_list_s_own(graph: Graph) -> None:
    project = await graph.project()
    lone, hub, *_ = await graph.tasks(
        project,
        {"clientKey": "lone"},
        {"clientKey": "hub"},
        *({"dependsOn": [{"on": {"clientKey": "hub"}}]} for _ in range(4)),
    )
    document = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task {
      dependents(first: 1) { totalCount { value } nodes { id } }
      dependencies(first: 0) { totalCount { value } nodes { id } } } } }"""
    nodes = (await graph.run(document, ids=[lone["id"], hub["id"]]))["nodes"]
    assert [node["dependents"]["totalCount"]["value"] for node in nodes] == [0, 4]
    assert [len(node["dependents"]["nodes"]) for node in nodes] == [0, 1]
    assert [node["dependencies"] for node in nodes] == [{"totalCount": {"value": 0}, "nodes": []}] * 2


async def test_a_queued_task_says_what_the_queue_waits_for(graph: Graph) -> None:
    now = datetime.now(UTC)
    (one,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    context = graph.context()
    (task,) = await context.read.tasks_by_id(context.workspace_id, [decode_as("Task", one["id"])])
    assert task is not None
    agent = context.agents.get("inspector")
    assert agent is not None
    offered = frozenset({"inspector"})
    for facts, scheduled, kinds in (
        (QueueFacts(running={}, offered=frozenset()), None, [WaitsForWorker]),
        (QueueFacts(running={"inspector": agent.concurrency}, offered=offered), None, [WaitsForSlot]),
        (QueueFacts(running={"inspector": agent.concurrency - 1}, offered=offered), None, []),
        (QueueFacts(running={}, offered=offered, short_of_room=offered), None, [WaitsForRoom]),
        (QueueFacts(running={}, offered=offered), now + timedelta(minutes=1), [WaitsForTime]),
        (QueueFacts(running={}, offered=offered), now - timedelta(minutes=1), []),
    ):
        reasons = blocking.in_queue(replace(task, scheduled_for=scheduled), facts, context.agents, now)
        assert [type(reason) for reason in reasons] == kinds
