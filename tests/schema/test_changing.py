"""Mutations on a real database: what they answer, and what they refuse as data."""

import asyncio
from typing import Any

from domain.execution import ExecutionError
from domain.states import ExecutionStatus
from schema.node_ids import encode
from tests.schema.conftest import Graph

ERRORS = """errors { __typename message code path
  ... on VersionConflict { expected current { __typename ... on Task { version title } ... on Finding { version } } }
  ... on DependencyCycle { cycle { key } }
  ... on NotDispatchable { task { key } blockedBy { __typename } }
  ... on NotCancellable { subject { __typename ... on Task { key } ... on Execution { number } } }
  ... on NotRetryable { task { key } }
  ... on NotFoundError { noun missingId }
  ... on PermissionDenied { permission }
  ... on IllegalTransition { fromState toState }
  ... on IdempotencyKeyReused { key } }"""


async def change(graph: Graph, name: str, selection: str, /, **given: Any) -> dict[str, Any]:
    type_name = f"{name[0].upper()}{name[1:]}Input!"
    document = f"mutation ($input: {type_name}) {{ {name}(input: $input) {{ {selection} {ERRORS} }} }}"
    return dict((await graph.run(document, input=given))[name])


async def refused(graph: Graph, name: str, /, **given: Any) -> dict[str, Any]:
    payload = await change(graph, name, "__typename", **given)
    (error,) = payload["errors"]
    return dict(error)


async def test_a_diamond_in_one_mutation(graph: Graph) -> None:
    tasks = await graph.tasks(
        await graph.project(),
        {"clientKey": "d", "dependsOn": [{"on": {"clientKey": "b"}}, {"on": {"clientKey": "c"}, "onFailure": "SKIP"}]},
        {"clientKey": "b", "dependsOn": [{"on": {"clientKey": "a"}}]},
        {"clientKey": "c", "dependsOn": [{"on": {"clientKey": "a"}}]},
        {"clientKey": "a"},
        dispatch=True,
    )
    assert [task["status"] for task in tasks] == ["BLOCKED", "BLOCKED", "BLOCKED", "QUEUED"]


async def test_an_update_tells_absent_from_null(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {"timeout": "PT1M", "labels": ["x"], "metadata": {"k": 1}})
    fields = "task { title timeout labels metadata version retryPolicy { maxAttempts backoff } }"
    one = await change(graph, "updateTask", fields, taskId=task["id"], expectedVersion=1, title="New")
    assert one["errors"] == []
    assert one["task"] == {
        "title": "New",
        "timeout": "PT1M",
        "labels": ["x"],
        "metadata": {"k": 1},
        "version": 2,
        "retryPolicy": {"maxAttempts": 1, "backoff": "PT5S"},
    }
    two = await change(
        graph,
        "updateTask",
        fields,
        taskId=task["id"],
        expectedVersion=2,
        timeout=None,
        labels=[],
        retryPolicy={"maxAttempts": 3},
    )
    assert (two["task"]["timeout"], two["task"]["labels"], two["task"]["title"]) == (None, [], "New")
    assert two["task"]["retryPolicy"]["maxAttempts"] == 3
    for field in ("title", "labels", "inputs", "retryPolicy"):
        error = await refused(graph, "updateTask", taskId=task["id"], expectedVersion=3, **{field: None})
        assert (error["__typename"], error["path"]) == ("ValidationError", ["input", field])


async def test_a_version_conflict_carries_what_is_there_now(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    await change(graph, "updateTask", "task { version }", taskId=task["id"], expectedVersion=1, title="Theirs")
    error = await refused(graph, "updateTask", taskId=task["id"], expectedVersion=1, title="Mine")
    assert error["__typename"] == "VersionConflict"
    assert error["code"] == "VERSION_CONFLICT"
    assert error["path"] == ["input", "expectedVersion"]
    assert error["current"] == {"__typename": "Task", "version": 2, "title": "Theirs"}


async def test_a_cycle_is_refused_with_its_walk(graph: Graph) -> None:
    one, two = await graph.tasks(await graph.project(), {"clientKey": "1"}, {"dependsOn": [{"on": {"clientKey": "1"}}]})
    error = await refused(graph, "addDependency", taskId=one["id"], dependsOnId=two["id"])
    assert error["__typename"] == "DependencyCycle"
    walk = [task["key"] for task in error["cycle"]]
    assert walk[0] == walk[-1]
    assert set(walk) == {one["key"], two["key"]}
    itself = await refused(graph, "addDependency", taskId=one["id"], dependsOnId=one["id"])
    assert itself["code"] == "DEPENDENCY_CYCLE"


async def test_edges_come_and_go(graph: Graph) -> None:
    one, two = await graph.tasks(await graph.project(), {}, {})
    edge = {"taskId": two["id"], "dependsOnId": one["id"]}
    selection = "task { key dependencies { nodes { id onFailure dependsOn { key } } } } dependency { id }"
    added = await change(graph, "addDependency", selection, **edge, onFailure="SKIP", idempotencyKey="edge")
    again = await change(graph, "addDependency", selection, **edge, onFailure="SKIP", idempotencyKey="edge")
    assert again == added
    assert added["task"]["dependencies"]["nodes"] == [
        {"id": added["dependency"]["id"], "onFailure": "SKIP", "dependsOn": {"key": one["key"]}}
    ]
    removed = await change(
        graph, "removeDependency", "removedDependencyId task { dependencies { nodes { id } } }", **edge
    )
    assert removed["removedDependencyId"] == added["dependency"]["id"]
    assert removed["task"] == {"dependencies": {"nodes": []}}
    assert (await refused(graph, "removeDependency", **edge))["code"] == "NOT_FOUND"


async def test_an_idempotency_key_does_it_once(graph: Graph) -> None:
    given = {
        "projectId": await graph.project(),
        "task": {"title": "Audit", "agent": "inspector"},
        "idempotencyKey": "k",
    }
    first = await change(graph, "createTask", "task { id }", **given)
    second = await change(graph, "createTask", "task { id }", **given)
    assert first == second
    error = await refused(graph, "createTask", **{**given, "task": {"title": "Other", "agent": "inspector"}})
    assert (error["__typename"], error["key"]) == ("IdempotencyKeyReused", "k")
    assert (await graph.run("{ tasks { totalCount { value } } }"))["tasks"]["totalCount"] == {"value": 1}


async def test_dispatch_cancel_and_retry(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    fields = "task { status } execution { id number status }"
    dispatched = await change(graph, "dispatchTask", fields, taskId=task["id"])
    assert dispatched["task"] == {"status": "QUEUED"}
    assert dispatched["execution"]["number"] == 1
    again = await refused(graph, "dispatchTask", taskId=task["id"])
    assert (again["__typename"], again["task"]["key"]) == ("NotDispatchable", task["key"])
    fields_of_cancel = "execution { status cancelRequestedAt error { code } task { status } }"
    cancelled = await change(graph, "cancelExecution", fields_of_cancel, executionId=dispatched["execution"]["id"])
    assert cancelled["execution"]["status"] == "CANCELLED"
    assert cancelled["execution"]["task"] == {"status": "CANCELLED"}
    for name, given in (
        ("cancelTask", {"taskId": task["id"]}),
        ("cancelExecution", {"executionId": dispatched["execution"]["id"]}),
    ):
        assert (await refused(graph, name, **given))["__typename"] == "NotCancellable"
    retried = await change(graph, "retryTask", fields, taskId=task["id"], idempotencyKey="r")
    assert (retried["task"]["status"], retried["execution"]["number"]) == ("QUEUED", 2)
    assert (await refused(graph, "retryTask", taskId=task["id"]))["__typename"] == "NotRetryable"


async def test_a_task_is_deleted_and_its_executions_only_on_purpose(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    await change(graph, "cancelTask", "task { status }", taskId=task["id"])
    version = (await graph.run("query ($id: ID!) { task(by: {id: $id}) { version } }", id=task["id"]))["task"][
        "version"
    ]
    given = {"taskId": task["id"], "expectedVersion": version}
    assert (await refused(graph, "deleteTask", **given))["path"] == ["input", "includingHistory"]
    deleted = await change(
        graph, "deleteTask", "deletedTaskId task { key executions { nodes { id } } }", **given, includingHistory=True
    )
    assert deleted["deletedTaskId"] == task["id"]
    assert deleted["task"]["executions"] == {"nodes": []}
    missing = await refused(graph, "deleteTask", **given)
    assert (missing["__typename"], missing["noun"], missing["missingId"]) == ("NotFoundError", "task", task["id"])
    assert task["id"] in missing["message"]


FINDINGS = "{ findings { nodes { id version state viewerCan { waive unwaive } } } }"


async def test_a_finding_is_waived_and_taken_back(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    segment = await graph.start(task["latestExecution"]["id"])
    await graph.audit(segment, findings=1)
    (finding,) = (await graph.run(FINDINGS))["findings"]["nodes"]
    assert finding["viewerCan"] == {"waive": True, "unwaive": False}
    given = {"findingId": finding["id"], "expectedVersion": finding["version"]}
    assert (await refused(graph, "setFindingState", **given, state="WAIVED"))["path"] == ["input", "reason"]
    fixed = await refused(graph, "setFindingState", **given, state="FIXED")
    assert (fixed["__typename"], fixed["toState"]) == ("IllegalTransition", "FIXED")
    waived = await change(
        graph,
        "setFindingState",
        "finding { state waiverReason waiverExpiresAt version viewerCan { unwaive } }",
        **given,
        state="WAIVED",
        reason="A test file.",
        expiresAt="2099-01-01T01:00:00+01:00",
    )
    assert waived["finding"] == {
        "state": "WAIVED",
        "waiverReason": "A test file.",
        "waiverExpiresAt": "2099-01-01T00:00:00Z",
        "version": finding["version"] + 1,
        "viewerCan": {"unwaive": True},
    }
    stale = await refused(graph, "setFindingState", **given, state="PERSISTING")
    assert stale["current"] == {"__typename": "Finding", "version": finding["version"] + 1}
    seen = (await graph.run("{ executions { nodes { findings { edges { state node { state } } } } } }"))["executions"]
    assert seen["nodes"][0]["findings"]["edges"] == [{"state": "NEW", "node": {"state": "WAIVED"}}]


async def test_malformed_and_foreign_ids_are_data(graph: Graph) -> None:
    for bad in ("", "x", "WR-1", encode("Project", graph.actor.workspace_id)):
        error = await refused(graph, "dispatchTask", taskId=bad)
        assert (error["__typename"], error["code"], error["path"]) == (
            "ValidationError",
            "BAD_USER_INPUT",
            ["input", "taskId"],
        )


async def test_a_missing_permission_is_data(graph: Graph, viewer: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    for name, given, permission in (
        ("dispatchTask", {"taskId": task["id"]}, "tasks:dispatch"),
        ("deleteTask", {"taskId": task["id"], "expectedVersion": 1}, "tasks:write"),
        ("createProject", {"name": "x"}, "projects:manage"),
    ):
        error = await refused(viewer, name, **given)
        assert (error["__typename"], error["permission"]) == ("PermissionDenied", permission)


async def test_bad_values_name_their_field(graph: Graph) -> None:
    project = await graph.project()
    draft = {"title": "Audit", "agent": "inspector"}
    for changes, field in (
        ({"title": " "}, "title"),
        ({"agent": "nobody"}, "agent"),
        ({"inputs": [1]}, "inputs"),
        ({"timeout": "PT0S"}, "timeout"),
        ({"retryPolicy": {"maxAttempts": 99}}, "maxAttempts"),
    ):
        error = await refused(graph, "createTask", projectId=project, task={**draft, **changes})
        assert error["__typename"] == "ValidationError"
        assert error["path"][-1] == field


async def test_one_place_has_one_path_wherever_it_was_found_wrong(graph: Graph) -> None:
    """What the input refuses by its form, and what the use case refuses, are told alike."""
    project = await graph.project()
    (task,) = await graph.tasks(project, {})
    good = {"name": "good", "severity": "LOW"}
    draft = {"title": "Audit", "agent": "inspector"}
    for changes, place in (
        ({"inputs": [1]}, ["inputs"]),
        ({"inputs": {"x": "\0"}}, ["inputs"]),
        ({"metadata": [1]}, ["metadata"]),
        ({"acceptanceChecks": [good, {"name": "no kind"}]}, ["acceptanceChecks", "1"]),
        ({"acceptanceChecks": [good, {**good, "maximum": -1}]}, ["acceptanceChecks", "1"]),
        ({"acceptanceChecks": [{"name": " ", "severity": "LOW"}]}, ["acceptanceChecks", "0"]),
        ({"acceptanceChecks": [{"name": "q", "query": {"document": "{", "expected": 1}}]}, ["acceptanceChecks", "0"]),
        ({"acceptanceChecks": [good] * 21}, ["acceptanceChecks"]),
    ):
        one = await refused(graph, "createTask", projectId=project, task={**draft, **changes})
        assert one["path"] == ["input", "task", *place]
        many = await refused(graph, "createTasks", projectId=project, tasks=[draft, {**draft, **changes}])
        assert many["path"] == ["input", "tasks", "1", *place]
        changed = await refused(graph, "updateTask", taskId=task["id"], expectedVersion=1, **changes)
        assert changed["path"] == ["input", *place]
    for wanted in ({"taskId": "nonsense"}, {"clientKey": "nonsense"}):
        waiting = {**draft, "dependsOn": [{"on": wanted}]}
        one = await refused(graph, "createTask", projectId=project, task=waiting)
        assert one["path"] == ["input", "task", "dependsOn"]
        many = await refused(graph, "createTasks", projectId=project, tasks=[draft, waiting])
        assert many["path"] == ["input", "tasks", "1", "dependsOn"]


async def test_mutations_of_one_operation_see_each_other(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    data = await graph.run(
        """mutation ($id: ID!) {
          a: updateTask(input: {taskId: $id, expectedVersion: 1, title: "A"}) { ...titles }
          b: updateTask(input: {taskId: $id, expectedVersion: 2, title: "B"}) { ...titles }
        }
        fragment titles on UpdateTaskPayload { task { project { tasks { nodes { title } } } } }""",
        id=task["id"],
    )
    titles = [data[name]["task"]["project"]["tasks"]["nodes"][0]["title"] for name in ("a", "b")]
    assert titles == ["A", "B"]


async def test_results_have_the_type_of_their_kind(graph: Graph) -> None:
    tasks = await graph.tasks(await graph.project(), {}, {}, {}, dispatch=True)
    own, known, failed = [await graph.start(task["latestExecution"]["id"]) for task in tasks]
    await graph.finish(own, result_kind="own", result={"$schema": "https://example.org/s", "n": 1})
    counts = {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0}
    report = {
        "source_state": "sha256:0",
        "files_analysed": 1,
        "lines_of_code": 2,
        "first_audit": True,
        "gate_passed": False,
        "gate_breaches": [{"severity": "HIGH", "limit": 0, "found": 1}],
        **dict.fromkeys(("new", "persisting", "fixed", "waived"), counts),
        "engines": [],
        "not_analysed": [],
        "duplicated_lines": 0,
        "most_complex": [],
        "autofixable": 0,
    }
    await graph.finish(known, result_kind="InspectorReport", result=report)
    await graph.finish(failed, ExecutionStatus.FAILED, error=ExecutionError(code="AGENT_FAILED", message="It broke."))
    data = await graph.run(
        """{ executions { nodes { error { code } result { __typename
             ... on CustomReport { kind schemaUrl data }
             ... on InspectorReport { gatePassed gateBreaches { severity found } new { high } } } } } }"""
    )
    shown = [node["result"] for node in data["executions"]["nodes"]]
    assert {
        "__typename": "CustomReport",
        "kind": "own",
        "schemaUrl": "https://example.org/s",
        "data": {"$schema": "https://example.org/s", "n": 1},
    } in shown
    assert None in shown
    (inspected,) = [one for one in shown if one and one["__typename"] == "InspectorReport"]
    assert inspected["gateBreaches"] == [{"severity": "HIGH", "found": 1}]


async def test_projects_created_at_once_have_a_key_each(graph: Graph) -> None:
    made = await asyncio.gather(*(change(graph, "createProject", "project { key }", name="Twice") for _ in range(6)))
    assert [payload["errors"] for payload in made] == [[]] * 6
    assert sorted(payload["project"]["key"] for payload in made) == [
        "TWIC",
        "TWIC2",
        "TWIC3",
        "TWIC4",
        "TWIC5",
        "TWIC6",
    ]


async def test_of_projects_created_at_once_with_one_key_one_has_it(graph: Graph) -> None:
    made = await asyncio.gather(
        *(change(graph, "createProject", "project { key }", name="Twice", key="SAME") for _ in range(6))
    )
    assert [payload["project"] for payload in made if not payload["errors"]] == [{"key": "SAME"}]
    refusals = [payload["errors"][0] for payload in made if payload["errors"]]
    assert len(refusals) == 5
    assert {(one["code"], tuple(one["path"])) for one in refusals} == {("VALIDATION_FAILED", ("input", "key"))}


async def test_a_source_without_a_location_is_refused(graph: Graph) -> None:
    error = await refused(graph, "createProject", name="Nowhere", source={"kind": "LOCAL", "location": ""})
    assert (error["code"], error["path"]) == ("VALIDATION_FAILED", ["input", "source", "location"])
