"""Memories in the graph: kept, found, corrected and erased."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from domain.actor import Permission
from domain.memory import LONGEST
from persistence.tables import memories
from schema.node_ids import decode_as
from tests.memory_traces import tables_with
from tests.schema.conftest import Graph
from tests.schema.test_live import start_of_feed

REMEMBER = """mutation ($input: RememberInput!) { remember(input: $input) {
  memory { id scope agentKind project { id } kind tags content version expiresAt updatedBy
           source { actor execution { id } toolCall { id } } viewerCan { correct erase } }
  known errors { __typename code message path } } }"""
CORRECT = """mutation ($input: CorrectMemoryInput!) { correctMemory(input: $input) {
  memory { id kind tags content version expiresAt }
  errors { __typename code path ... on VersionConflict { current { ... on Memory { content version } } } } } }"""
ERASE = """mutation ($id: ID!) { eraseMemory(input: {memoryId: $id}) { erasedMemoryId errors { code path } } }"""
ERASE_ALL = """mutation ($input: EraseMemoriesInput!) { eraseMemories(input: $input) {
  erased errors { code message path } } }"""
LIST = """query ($filter: MemoryFilterInput, $first: Int) { memories(filter: $filter, first: $first) {
  nodes { content } totalCount { value } pageInfo { hasNextPage } } }"""
RECALL = """query ($query: String!, $filter: MemoryFilterInput, $first: Int! = 10) {
  recall(query: $query, filter: $filter, first: $first) { memory { content } score { total text trigram vector } } }"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Memory { content } } }"
FEED = """subscription ($after: Cursor) { workspaceEvents(after: $after) { cursor event { __typename actor
  ... on MemoryRemembered { memory { content } memoryScope } ... on MemoryCorrected { memory { content } }
  ... on MemoryErased { erasedMemoryId memoryScope } ... on MemoriesErased { erasedMemories } } } }"""

POOL = "PgBouncer runs in transaction mode, so advisory locks of a session do nothing behind it."
FREEZE = "The mobile team releases nothing from 15 December until January."


async def put(graph: Graph, content: str, **given: Any) -> dict[str, Any]:
    payload = (await graph.run(REMEMBER, input={"content": content, **given}))["remember"]
    assert payload["errors"] == []
    return dict(payload["memory"])


async def found(graph: Graph, query: str, **given: Any) -> list[str]:
    return [one["memory"]["content"] for one in (await graph.run(RECALL, query=query, **given))["recall"]]


async def refused(graph: Graph, document: str, name: str, **given: Any) -> dict[str, Any]:
    [error] = (await graph.run(document, input=given))[name]["errors"]
    return dict(error)


async def test_what_is_remembered_is_listed_and_found_with_its_scores(graph: Graph) -> None:
    project = await graph.project()
    pool = await put(graph, POOL, kind="decision", tags=["postgres", "locks"], scope="PROJECT", projectId=project)
    assert pool["source"] == {"actor": "user:owner", "execution": None, "toolCall": None}
    assert (pool["scope"], pool["project"], pool["agentKind"], pool["version"]) == ("PROJECT", {"id": project}, None, 1)
    assert pool["viewerCan"] == {"correct": True, "erase": True}
    await put(graph, FREEZE)
    await put(graph, "Invoices are numbered without gaps.", scope="AGENT", agentKind="inspector")
    listed = (await graph.run(LIST, first=2))["memories"]
    assert [one["content"] for one in listed["nodes"]] == ["Invoices are numbered without gaps.", FREEZE]
    assert (listed["totalCount"]["value"], listed["pageInfo"]["hasNextPage"]) == (3, True)
    assert (await graph.run(NODE, id=pool["id"]))["node"] == {"content": POOL}
    [first, *_] = (await graph.run(RECALL, query="advisory lock pgbouncer"))["recall"]
    assert first["memory"]["content"] == POOL
    score = first["score"]
    assert score["total"] == 1, "it is first in every way"
    assert 0 < score["text"] <= 1
    assert 0 < score["trigram"] <= 1
    assert 0.3 < score["vector"] <= 1
    assert (await found(graph, "pgbuoncer trasaction"))[0] == POOL, "misspelled"
    assert (await found(graph, "Can I ship a new version of the app over Christmas?"))[0] == FREEZE, "no word in common"
    assert (await found(graph, "postgres"))[0] == POOL, "by its tag"
    assert await found(graph, "locks", first=0) == []


async def test_filters_limit_what_is_listed_and_found(graph: Graph) -> None:
    project = await graph.project()
    await put(graph, "The cache is warm.", scope="PROJECT", projectId=project, kind="decision", tags=["cache"])
    await put(graph, "The cache is cold.")
    await put(graph, "The cache is full.", scope="AGENT", agentKind="inspector")
    for given, content in (
        ({"scope": "WORKSPACE"}, "The cache is cold."),
        ({"agentKind": "inspector"}, "The cache is full."),
        ({"projectId": project}, "The cache is warm."),
        ({"kind": "decision"}, "The cache is warm."),
        ({"tag": "cache", "source": "user:owner"}, "The cache is warm."),
    ):
        assert await found(graph, "cache", filter=given) == [content], given
        assert [one["content"] for one in (await graph.run(LIST, filter=given))["memories"]["nodes"]] == [content]
    assert await found(graph, "cache", filter={"source": "agent:inspector"}) == []


async def test_the_same_text_is_kept_once_in_a_place(graph: Graph) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    first = await put(graph, FREEZE, expiresAt=soon)
    assert first["expiresAt"] is not None
    again = await put(graph, f"  {FREEZE}\n")
    assert (again["id"], again["expiresAt"]) == (first["id"], None), "the later of the two times counts"
    elsewhere = await put(graph, FREEZE, scope="AGENT", agentKind="inspector")
    assert elsewhere["id"] != first["id"]


async def test_what_is_put_down_again_has_all_its_tags_and_the_kind_that_was_said_last(graph: Graph) -> None:
    async def again(**given: Any) -> dict[str, Any]:
        return dict((await graph.run(REMEMBER, input={"content": FREEZE, **given}))["remember"])

    new = await again(kind="decision", tags=["mobile"])
    assert (new["known"], new["memory"]["kind"], new["memory"]["version"]) == (False, "decision", 1)
    joined = await again(tags=["release", "mobile"])
    assert (joined["known"], joined["memory"]["id"]) == (True, new["memory"]["id"])
    assert (joined["memory"]["kind"], joined["memory"]["tags"]) == ("decision", ["mobile", "release"])
    assert joined["memory"]["version"] == 2
    assert await found(graph, "release", filter={"tag": "release"}) == [FREEZE]
    newer = await again(kind="rule")
    assert (newer["memory"]["kind"], newer["memory"]["tags"]) == ("rule", ["mobile", "release"])
    same = await again(kind="rule", tags=["mobile"])
    assert (same["known"], same["memory"]["version"]) == (True, newer["memory"]["version"])
    many = await again(tags=[str(n) for n in range(19)])
    assert (many["memory"], many["known"]) == (None, None)
    assert (many["errors"][0]["path"], "with 2 tags" in many["errors"][0]["message"]) == (["input", "tags"], True)


async def test_what_has_expired_makes_room_for_the_same_text(graph: Graph) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    old = await expire(graph, await put(graph, FREEZE, tags=["old"], kind="decision", expiresAt=soon))
    new = await put(graph, FREEZE)
    assert (new["kind"], new["tags"], new["version"], new["expiresAt"]) == ("fact", [], 1, None)
    assert new["id"] != old["id"]
    await expire(graph, await put(graph, "It was said before.", expiresAt=soon))
    given = {"memoryId": new["id"], "expectedVersion": 1, "content": "It was said before."}
    payload = (await graph.run(CORRECT, input=given))["correctMemory"]
    assert (payload["errors"], payload["memory"]["content"]) == ([], "It was said before.")


async def test_a_correction_keeps_nothing_of_what_was_said_before(graph: Graph) -> None:
    wrong, right = f"The wrong number is {uuid4().hex}.", f"The right number is {uuid4().hex}."
    memory = await put(graph, wrong, tags=["old"])
    given = {"memoryId": memory["id"], "expectedVersion": 1}
    payload = (await graph.run(CORRECT, input={**given, "content": right, "tags": ["new"]}))["correctMemory"]
    assert payload["errors"] == []
    assert payload["memory"] == {
        **{name: memory[name] for name in ("id", "kind", "expiresAt")},
        "content": right,
        "tags": ["new"],
        "version": 2,
    }
    stale = await refused(graph, CORRECT, "correctMemory", **given, content="Later.")
    assert (stale["code"], stale["current"]) == ("VERSION_CONFLICT", {"content": right, "version": 2})
    assert await found(graph, wrong.split()[-1]) != [wrong]
    assert await tables_with(graph.platform.engine, wrong) == []
    assert await tables_with(graph.platform.engine, right) != []
    await put(graph, FREEZE)
    taken = await refused(graph, CORRECT, "correctMemory", **{**given, "expectedVersion": 2}, content=FREEZE)
    assert (taken["code"], taken["path"]) == ("VALIDATION_FAILED", ["input", "content"])


async def test_erasing_leaves_no_trace_in_the_database(graph: Graph) -> None:
    secret = f"The merger with Acme is called {uuid4().hex}."
    memory = await put(graph, secret, tags=["merger"])
    assert set(await tables_with(graph.platform.engine, secret)) == {"memory_index.trigrams", "public.memories"}
    assert await found(graph, "merger Acme") == [secret]
    assert (await graph.run(ERASE, id=memory["id"]))["eraseMemory"] == {"erasedMemoryId": memory["id"], "errors": []}
    assert await tables_with(graph.platform.engine, secret, secret.split()[-1].rstrip(".")) == []
    assert await vectors_of(graph, memory) == 0
    assert await found(graph, "merger Acme") == []
    assert (await graph.run(NODE, id=memory["id"]))["node"] is None
    [error] = (await graph.run(ERASE, id=memory["id"]))["eraseMemory"]["errors"]
    assert error == {"code": "NOT_FOUND", "path": ["input", "memoryId"]}


async def expire(graph: Graph, memory: dict[str, Any]) -> dict[str, Any]:
    """Let its time have passed."""
    gone = datetime.now(UTC) - timedelta(seconds=1)
    async with graph.platform.engine.begin() as connection:
        which = memories.c.id == decode_as("Memory", memory["id"])
        await connection.execute(update(memories).where(which).values(expires_at=gone))
    return memory


async def vectors_of(graph: Graph, memory: dict[str, Any]) -> int:
    counted = text("SELECT count(*) FROM memory_index.vectors WHERE memory_id = :id")
    async with graph.platform.engine.connect() as connection:
        return int((await connection.execute(counted, {"id": decode_as("Memory", memory["id"])})).scalar_one())


async def test_many_are_erased_only_by_their_number(graph: Graph) -> None:
    for n in range(3):
        await put(graph, f"Number {n}.", tags=["gone"])
    await put(graph, "It stays.")
    wrong = await refused(graph, ERASE_ALL, "eraseMemories", filter={"tag": "gone"}, count=2)
    assert (wrong["code"], wrong["path"]) == ("VALIDATION_FAILED", ["input", "count"])
    assert "3 memories fit" in wrong["message"]
    nothing = await refused(graph, ERASE_ALL, "eraseMemories", filter={}, count=4)
    assert nothing["path"] == ["input", "filter"]
    done = (await graph.run(ERASE_ALL, input={"filter": {"tag": "gone"}, "count": 3}))["eraseMemories"]
    assert done == {"erased": 3, "errors": []}
    assert [one["content"] for one in (await graph.run(LIST))["memories"]["nodes"]] == ["It stays."]


async def test_erasing_counts_what_is_shown_and_takes_expired_ones_along(graph: Graph) -> None:
    for n in range(2):
        await put(graph, f"Number {n}.", tags=["gone"])
    said = f"The old one says {uuid4().hex}."
    expired = await expire(graph, await put(graph, said, tags=["gone"]))
    shown = (await graph.run(LIST, filter={"tag": "gone"}))["memories"]
    wrong = await refused(graph, ERASE_ALL, "eraseMemories", filter={"tag": "gone"}, count=3)
    assert "2 memories fit, and not 3" in wrong["message"]
    assert await tables_with(graph.platform.engine, said) != [], "what was refused has erased nothing"
    given = {"filter": {"tag": "gone"}, "count": shown["totalCount"]["value"]}
    assert (await graph.run(ERASE_ALL, input=given))["eraseMemories"] == {"erased": 2, "errors": []}
    assert await tables_with(graph.platform.engine, said) == []
    assert await vectors_of(graph, expired) == 0


async def test_the_feed_tells_which_memory_and_not_what_it_says(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    cursor = await start_of_feed(graph, FEED, task["id"])
    memory = await put(graph, FREEZE)
    await graph.run(CORRECT, input={"memoryId": memory["id"], "expectedVersion": 1, "content": POOL})
    await graph.run(ERASE, id=memory["id"])
    stays = await put(graph, FREEZE, scope="AGENT", agentKind="inspector")
    await put(graph, FREEZE)
    await put(graph, FREEZE)
    await put(graph, FREEZE, tags=["again"])
    await graph.run(ERASE_ALL, input={"filter": {"scope": "WORKSPACE"}, "count": 1})
    events: list[dict[str, Any]] = []
    async with aclosing(graph.subscribe(FEED, after=cursor)) as stream:
        async for update in stream:
            if update["event"]["__typename"].startswith("Memor"):
                events.append(update["event"])
            if len(events) == 7:
                break
    assert [one["__typename"] for one in events] == [
        *("MemoryRemembered", "MemoryCorrected", "MemoryErased"),
        *("MemoryRemembered", "MemoryRemembered", "MemoryCorrected", "MemoriesErased"),
    ]
    assert [one.get("memory") for one in events] == [None, None, None, {"content": FREEZE}, None, None, None]
    assert (events[2]["erasedMemoryId"], events[2]["memoryScope"]) == (memory["id"], "WORKSPACE")
    assert (events[3]["memoryScope"], events[6]["erasedMemories"]) == ("AGENT", 1)
    await graph.run(ERASE, id=stays["id"])
    assert await tables_with(graph.platform.engine, FREEZE, POOL, of=graph.actor.workspace_id) == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"content": " "}, "content"),
        ({"content": "x" * (LONGEST + 1)}, "content"),
        ({"content": "a\0b"}, "content"),
        ({"content": "half \ud800 a pair"}, "content"),
        ({"content": "x", "kind": "No Kind"}, "kind"),
        ({"content": "x", "tags": ["a", ""]}, "tags"),
        ({"content": "x", "tags": [str(n) for n in range(21)]}, "tags"),
        ({"content": "x", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"content": "x", "scope": "AGENT"}, "agentKind"),
        ({"content": "x", "scope": "AGENT", "agentKind": "nobody"}, "agentKind"),
        ({"content": "x", "agentKind": "inspector"}, "agentKind"),
        ({"content": "x", "scope": "PROJECT"}, "projectId"),
    ],
    ids=lambda given: given if isinstance(given, str) else "-".join(given),
)
async def test_what_cannot_be_kept_is_refused(graph: Graph, given: dict[str, Any], path: str) -> None:
    error = await refused(graph, REMEMBER, "remember", **given)
    assert error["path"] == ["input", path]
    assert error["code"] == ("NOT_FOUND" if given.get("agentKind") == "nobody" else "VALIDATION_FAILED")


async def test_a_question_that_cannot_be_asked_is_refused(graph: Graph) -> None:
    for given in ({"query": " "}, {"query": "x" * 2_001}, {"query": "a\0b"}, {"query": "x", "first": 51}):
        assert (await graph.fail(RECALL, **given))[0] == "VALIDATION_FAILED", given
    for odd in ("'", "\\", "!!", "a' & b | c:*", "%_", "naïve ☃ '\\'"):
        assert await found(graph, odd) == []


async def test_who_may_only_read_changes_nothing(graph: Graph, viewer: Graph) -> None:
    memory = await put(graph, FREEZE)
    assert (await refused(viewer, REMEMBER, "remember", content=POOL))["code"] == "PERMISSION_DENIED"
    [error] = (await viewer.run(ERASE, id=memory["id"]))["eraseMemory"]["errors"]
    assert error["code"] == "PERMISSION_DENIED"
    assert await found(viewer, "December") == [FREEZE]
    blind = replace(graph, actor=replace(graph.actor, permissions=frozenset({Permission.MANAGE_MEMORY})))
    assert (await blind.fail(RECALL, query="December"))[0] == "PERMISSION_DENIED"


async def test_nothing_of_another_workspace_is_found_or_erased(graph: Graph) -> None:
    memory = await put(graph, FREEZE)
    other = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    assert await found(other, "mobile December") == []
    assert (await other.run(NODE, id=memory["id"]))["node"] is None
    [error] = (await other.run(ERASE, id=memory["id"]))["eraseMemory"]["errors"]
    assert error["code"] == "NOT_FOUND"


async def test_what_has_expired_is_not_shown(graph: Graph) -> None:
    memory = await put(graph, FREEZE, expiresAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert await found(graph, "December") == [FREEZE]
    await expire(graph, memory)
    assert await found(graph, "December") == []
    assert (await graph.run(LIST))["memories"]["nodes"] == []
    assert (await graph.run(NODE, id=memory["id"]))["node"] is None


async def test_a_long_memory_is_found_by_its_end(graph: Graph) -> None:
    padding = "The weekly meeting was about the budget and the plans for the office. " * 60
    await put(graph, f"{padding}\n\n{FREEZE}")
    await put(graph, "Newsletters are sent on Fridays.")
    [first, *_] = (await graph.run(RECALL, query="Can I ship a new version of the app over Christmas?"))["recall"]
    assert first["memory"]["content"].endswith(FREEZE)
    assert first["score"]["vector"] > 0.3


async def test_the_graph_says_what_memories_are_found_by(graph: Graph) -> None:
    await put(graph, FREEZE)
    asked = "{ memorySearch { trigram vector model memories waiting problems } }"
    assert (await graph.run(asked))["memorySearch"] == {
        "trigram": True,
        "vector": True,
        "model": "all-MiniLM-L6-v2-int8",
        "memories": 1,
        "waiting": 0,
        "problems": [],
    }


async def test_finding_takes_a_fixed_number_of_statements(graph: Graph) -> None:
    await put(graph, FREEZE)
    few = await graph.counted(RECALL, query="mobile December")
    for n in range(12):
        await put(graph, f"The mobile team says {n}.")
    assert await graph.counted(RECALL, query="mobile December") == few
