"""Playbooks in the graph: saved with versions, listed among the shipped ones, and refused with every problem."""

from __future__ import annotations

from typing import Any

import pytest

from domain.playbooks.saved import MOST_VERSIONS
from domain.playbooks.shipped import shipped_playbooks
from tests.schema.conftest import Graph

SAVE = """mutation ($text: String!, $expected: Int) {
  savePlaybook(input: { document: $text, expectedVersion: $expected }) {
    playbook { id name title version shipped savedBy steps inputs { name type required default choices } }
    errors { __typename code message path
      ... on PlaybookInvalid { problems { line column reason } }
      ... on VersionConflict { expected current { ... on Playbook { version } } }
    }
  }
}"""
DELETE = """mutation ($name: String!) { deletePlaybook(input: { name: $name }) {
  deletedPlaybookId playbook { name } errors { __typename code message } } }"""
RUN = """mutation ($project: ID!, $name: String!, $inputs: JSON) {
  runPlaybook(input: { projectId: $project, name: $name, inputs: $inputs }) {
    task { title status agentKind inputs } execution { number } errors { __typename code message path }
  }
}"""
LIST = """query ($first: Int, $last: Int, $after: Cursor, $before: Cursor) {
  playbooks(first: $first, last: $last, after: $after, before: $before) {
    nodes { name shipped } totalCount { value } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
ONE = """query ($name: String!) { playbook(name: $name) {
  id document shipped updatedAt versions(first: 100) { nodes { id version savedBy } totalCount { value } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { __typename ... on Playbook { name } ... on PlaybookVersion { version } } }"
CHECK = "query ($text: String!) { playbookProblems(document: $text) { line column reason } }"


def document(name: str, title: str = "Mine") -> str:
    return (
        f"name: {name}\ntitle: {title}\n"
        "inputs:\n  deep: {type: boolean, default: false}\n  kind: {choices: [a, b]}\n"
        "steps:\n  - {id: look, agent: inspector, if: inputs.deep}\n"
    )


async def save(graph: Graph, text: str, expected: int | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = (await graph.run(SAVE, text=text, expected=expected))["savePlaybook"]
    return payload


async def test_a_playbook_is_saved_with_versions_and_deleted(graph: Graph) -> None:
    first = await save(graph, document("mine"))
    assert first["errors"] == []
    assert first["playbook"] | {"id": ""} == {
        "id": "",
        "name": "mine",
        "title": "Mine",
        "version": 1,
        "shipped": False,
        "savedBy": graph.actor.id,
        "steps": ["look"],
        "inputs": [
            {"name": "deep", "type": "BOOLEAN", "required": False, "default": False, "choices": []},
            {"name": "kind", "type": "STRING", "required": True, "default": None, "choices": ["a", "b"]},
        ],
    }
    assert (await save(graph, document("mine")))["playbook"]["version"] == 1, "the same document is no new version"
    assert (await save(graph, document("mine", "Ours"), expected=1))["playbook"]["version"] == 2
    (conflict,) = (await save(graph, document("mine", "Theirs"), expected=1))["errors"]
    assert (conflict["__typename"], conflict["current"]) == ("VersionConflict", {"version": 2})
    found = (await graph.run(ONE, name="mine"))["playbook"]
    assert [one["version"] for one in found["versions"]["nodes"]] == [2, 1]
    node = await graph.run(NODE, id=found["versions"]["nodes"][1]["id"])
    assert node["node"] == {"__typename": "PlaybookVersion", "version": 1}
    assert (await graph.run(NODE, id=found["id"]))["node"]["name"] == "mine"
    assert (await graph.run(DELETE, name="mine"))["deletePlaybook"]["deletedPlaybookId"] == found["id"]
    assert (await graph.run(ONE, name="mine"))["playbook"] is None
    assert (await graph.run(NODE, id=found["id"]))["node"] is None
    (error,) = (await graph.run(DELETE, name="mine"))["deletePlaybook"]["errors"]
    assert error["code"] == "NOT_FOUND"


@pytest.mark.verify
async def test_only_the_last_versions_are_kept(graph: Graph) -> None:
    for number in range(MOST_VERSIONS + 3):
        await save(graph, document("often", f"Number {number}"))
    versions = (await graph.run(ONE, name="often"))["playbook"]["versions"]
    assert versions["totalCount"]["value"] == MOST_VERSIONS
    assert versions["nodes"][0]["version"] == MOST_VERSIONS + 3


async def test_a_document_with_problems_is_refused_with_all_of_them(graph: Graph) -> None:
    text = "name: mine\nsteps:\n  - {id: a, agent: nobody}\n  - {id: a, agent: inspector, if: inputs.x}\n"
    (error,) = (await save(graph, text))["errors"]
    assert (error["__typename"], error["code"]) == ("PlaybookInvalid", "VALIDATION_FAILED")
    assert error["path"] == ["input", "document"]
    assert [(one["line"], one["column"]) for one in error["problems"]] == [(3, 20), (4, 10), (4, 35)]
    assert (await graph.run(CHECK, text=text))["playbookProblems"] == error["problems"]
    assert (await graph.run(CHECK, text=document("mine")))["playbookProblems"] == []


async def test_shipped_playbooks_cannot_be_overwritten_or_deleted(graph: Graph) -> None:
    (error,) = (await save(graph, document("repository-audit")))["errors"]
    assert "save yours under another name" in error["message"]
    (error,) = (await graph.run(DELETE, name="repository-audit"))["deletePlaybook"]["errors"]
    assert "cannot be deleted" in error["message"]
    shipped = (await graph.run(ONE, name="repository-audit"))["playbook"]
    assert (shipped["shipped"], shipped["updatedAt"], shipped["versions"]["nodes"]) == (True, None, [])
    assert (await graph.run(NODE, id=shipped["id"]))["node"]["name"] == "repository-audit"


async def test_the_list_has_saved_and_shipped_ones_by_name_on_whatever_page(graph: Graph) -> None:
    own = ["a-first", "m-middle", "z-last"]
    for name in own:
        await save(graph, document(name))
    wanted = sorted([*own, *shipped_playbooks()])
    whole = (await graph.run(LIST, first=100))["playbooks"]
    names = [one["name"] for one in whole["nodes"]]
    assert [name for name in names if name in wanted] == wanted
    assert names == sorted(names)
    assert whole["totalCount"]["value"] == len(names)
    for size in (1, 2, 4):
        forward: list[str] = []
        after = None
        while True:
            page = (await graph.run(LIST, first=size, after=after))["playbooks"]
            forward += [one["name"] for one in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert forward == names
        backward: list[str] = []
        before = None
        while True:
            page = (await graph.run(LIST, last=size, before=before))["playbooks"]
            backward = [one["name"] for one in page["nodes"]] + backward
            before = page["pageInfo"]["startCursor"]
            if not page["pageInfo"]["hasPreviousPage"]:
                break
        assert backward == names
    assert await graph.counted(LIST, first=100) <= 3


async def test_a_run_is_a_task_that_carries_the_document_along(graph: Graph) -> None:
    project = await graph.project()
    await save(graph, document("mine"))
    ran = (await graph.run(RUN, project=project, name="mine", inputs={"kind": "a"}))["runPlaybook"]
    assert ran["errors"] == []
    assert ran["execution"] == {"number": 1}
    task = ran["task"]
    assert (task["title"], task["status"], task["agentKind"]) == ("Mine", "QUEUED", "playbook")
    assert task["inputs"] == {
        "playbook": "mine",
        "version": 1,
        "document": document("mine"),
        "inputs": {"kind": "a"},
    }
    for inputs, reason in (
        ({}, "'kind' of the playbook has to be given"),
        ({"kind": "c"}, "it must be one of a, b"),
        ({"kind": "a", "deep": 1}, "it must be of type boolean"),
        ({"kind": "a", "more": 1}, "The playbook has no input 'more'"),
        ([], "inputs must be an object"),
    ):
        (error,) = (await graph.run(RUN, project=project, name="mine", inputs=inputs))["runPlaybook"]["errors"]
        assert (error["code"], reason in error["message"]) == ("VALIDATION_FAILED", True), error
    (error,) = (await graph.run(RUN, project=project, name="none"))["runPlaybook"]["errors"]
    assert (error["code"], error["message"]) == ("NOT_FOUND", "There is no playbook with the name 'none' here.")
