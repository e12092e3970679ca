"""Language models in the graph: connected, chosen, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.actor import OWNER_PERMISSIONS, Permission
from domain.use_cases.models import models_for
from server.transport.limits import TransportLimits
from tests.models.provider import Hang, serving
from tests.schema.conftest import Graph

SHOWN = """id name provider modelId baseUrl keySecret maxOutputTokens timeout maxRequests answerMode
  price { input output } fallback { name } isDefault agents updatedBy"""
SET = f"""mutation ($input: SetModelInput!) {{ setModel(input: $input) {{
  model {{ {SHOWN} }} errors {{ __typename code message path }} }} }}"""
DELETE = """mutation ($name: String!) { deleteModel(input: {name: $name}) {
  model { name } errors { code message path } } }"""
CHOOSE = """mutation ($model: String!, $agent: String) { chooseModel(input: {model: $model, agent: $agent}) {
  agent model { name } errors { code message path } } }"""
TEST = """mutation ($name: String!) { testModel(input: {name: $name}) {
  model { name } trial { problem } errors { code message } } }"""
LIST = f"{{ models(first: 2) {{ nodes {{ {SHOWN} }} pageInfo {{ hasNextPage }} totalCount {{ value }} }} }}"
NODE = "query ($id: ID!) { node(id: $id) { ... on LanguageModel { name fallback { name } } } }"
LOCAL = {"provider": "OPENAI_COMPATIBLE", "modelId": "llama", "baseUrl": "http://127.0.0.1:11434/v1/"}


async def put(graph: Graph, name: str, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await graph.run(SET, input={"name": name, **LOCAL, **given}))["setModel"]
    return payload


async def connect(graph: Graph, *names: str) -> None:
    for name in names:
        assert (await put(graph, name))["errors"] == []


async def choose(graph: Graph, model: str, agent: str | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = (await graph.run(CHOOSE, model=model, agent=agent))["chooseModel"]
    return payload


async def used(graph: Graph, agent: str) -> list[str]:
    chain = await graph.do(lambda uow: models_for(uow, graph.actor.workspace_id, agent))
    return [model.name for model in chain]


async def test_a_model_is_connected_changed_and_listed(graph: Graph) -> None:
    await graph.run('mutation { setSecret(input: {name: "key", value: "0123456789"}) { errors { message } } }')
    await connect(graph, "b", "c")
    price = {"input": "0.15", "output": "0.6"}
    first = await put(graph, "a", keySecret="key", price=price, fallback="b", maxOutputTokens=100, timeout="PT1.5S")
    assert first["errors"] == []
    assert first["model"] | {"id": ""} == {
        "id": "",
        "name": "a",
        "provider": "OPENAI_COMPATIBLE",
        "modelId": "llama",
        "baseUrl": "http://127.0.0.1:11434/v1",
        "keySecret": "key",
        "maxOutputTokens": 100,
        "timeout": "PT1.5S",
        "maxRequests": 20,
        "answerMode": "TOOL",
        "price": price,
        "fallback": {"name": "b"},
        "isDefault": False,
        "agents": [],
        "updatedBy": "user:owner",
    }
    second = await put(graph, "a")
    assert (second["model"]["id"], second["model"]["price"]) == (first["model"]["id"], None)
    listed = (await graph.run(LIST))["models"]
    assert [one["name"] for one in listed["nodes"]] == ["a", "b"]
    assert (listed["pageInfo"]["hasNextPage"], listed["totalCount"]["value"]) == (True, 3)
    assert (await graph.run(NODE, id=first["model"]["id"]))["node"] == {"name": "a", "fallback": None}
    few = await graph.counted(LIST)
    await connect(graph, "a2", "a3")
    assert await graph.counted(LIST.replace("first: 2", "first: 5")) == few


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [
        ({"name": "A"}, "name", "lower-case letters"),
        ({"name": "none"}, "name", "neither 'none'"),
        ({"modelId": ""}, "modelId", "modelId"),
        ({"baseUrl": None}, "baseUrl", "needs a baseUrl"),
        ({"baseUrl": "ftp://there"}, "baseUrl", "http or https"),
        ({"baseUrl": "https://me:secret@there/v1"}, "baseUrl", "user or a password"),
        ({"baseUrl": "http://example.com/v1", "keySecret": "key"}, "baseUrl", "sent in the open"),
        ({"keySecret": "missing"}, "keySecret", "There is no secret 'missing'"),
        ({"maxOutputTokens": 0}, "maxOutputTokens", "from 1"),
        ({"timeout": "PT2H"}, "timeout", "at most an hour"),
        ({"timeout": "PT0S"}, "timeout", "above 0"),
        ({"maxRequests": 1001}, "maxRequests", "at most 1,000|to 1,000"),
        ({"price": {"input": "-1", "output": "0"}}, "price", "input"),
        ({"fallback": "nobody"}, "fallback", "no model 'nobody'"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
async def test_what_cannot_work_is_refused(graph: Graph, given: dict[str, Any], path: str, said: str) -> None:
    await graph.run('mutation { setSecret(input: {name: "key", value: "0123456789"}) { errors { message } } }')
    [error] = (await put(graph, **{"name": "fine", **given}))["errors"]
    assert (error["code"], error["path"][1]) == ("VALIDATION_FAILED", path)
    assert any(part in error["message"] for part in said.split("|")), error["message"]
    assert "secret@" not in error["message"]


async def test_where_a_secret_is_sent_is_for_who_may_manage_secrets(graph: Graph) -> None:
    for key in ("key", "other"):
        secret = {"name": key, "value": "0123456789"}
        await graph.run("mutation ($input: SetSecretInput!) { setSecret(input: $input) { __typename } }", input=secret)
    assert (await put(graph, "a", keySecret="key"))["errors"] == []
    assert (await put(graph, "b"))["errors"] == []
    manager = replace(graph, actor=replace(graph.actor, permissions=OWNER_PERMISSIONS - {Permission.MANAGE_SECRETS}))
    for name, given in (
        ("a", {"keySecret": "other"}),
        ("a", {"keySecret": "key", "baseUrl": "https://evil.example/v1"}),
        ("a", {"keySecret": "key", "provider": "OPENAI"}),
        ("b", {"keySecret": "key"}),
        ("c", {"keySecret": "key"}),
        ("c", {"keySecret": "missing"}),
    ):
        [error] = (await put(manager, name, **given))["errors"]
        assert (error["code"], "'secrets:manage'" in error["message"]) == ("PERMISSION_DENIED", True)
    assert (await put(manager, "a", keySecret="key", maxRequests=3))["errors"] == []
    assert (await put(manager, "b", baseUrl="https://elsewhere.example/v1"))["errors"] == []
    assert (await put(manager, "a"))["errors"] == []


async def test_fallbacks_have_an_end(graph: Graph) -> None:
    await connect(graph, "a", "b")
    assert (await put(graph, "a", fallback="b"))["errors"] == []
    for name, fallback, circle in (("b", "a", "b → a → b"), ("a", "a", "a → a")):
        [error] = (await put(graph, name, fallback=fallback))["errors"]
        assert circle in error["message"]
    for number in range(6):
        [*errors] = (await put(graph, f"m{number}", fallback=f"m{number - 1}" if number else "a"))["errors"]
        assert bool(errors) is (number > 3)


async def test_each_agent_uses_what_was_chosen_for_it(graph: Graph) -> None:
    await connect(graph, "big", "small")
    await put(graph, "big", fallback="small")
    assert await used(graph, "inspector") == []
    assert await choose(graph, "small") == {"agent": None, "model": {"name": "small"}, "errors": []}
    assert await used(graph, "inspector") == ["small"]
    assert (await choose(graph, "big", "inspector"))["model"] == {"name": "big"}
    assert await used(graph, "inspector") == ["big", "small"]
    shown = {one["name"]: (one["isDefault"], one["agents"]) for one in (await graph.run(LIST))["models"]["nodes"]}
    assert shown == {"big": (False, ["inspector"]), "small": (True, [])}
    agents = {one["kind"]: one["model"] for one in (await graph.run("{ agents { kind model { name } } }"))["agents"]}
    assert (agents["inspector"], agents["probe"]) == ({"name": "big"}, {"name": "small"})
    assert (await choose(graph, "none", "inspector"))["model"] is None
    assert await used(graph, "inspector") == []
    assert (await choose(graph, "default", "inspector"))["model"] == {"name": "small"}
    [error] = (await choose(graph, "default"))["errors"]
    assert error["path"] == ["input", "model"]
    for model, agent, path in (("nobody", None, "model"), ("big", "nobody", "agent")):
        [error] = (await choose(graph, model, agent))["errors"]
        assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", path])


async def test_a_model_that_is_used_is_not_forgotten(graph: Graph) -> None:
    await connect(graph, "big", "small")
    await put(graph, "big", fallback="small")
    await choose(graph, "small", "inspector")
    [error] = (await graph.run(DELETE, name="small"))["deleteModel"]["errors"]
    assert "used by the agent inspector, the model big" in error["message"]
    assert (await graph.run(DELETE, name="big"))["deleteModel"]["model"] == {"name": "big"}
    await choose(graph, "none", "inspector")
    assert (await graph.run(DELETE, name="small"))["deleteModel"]["errors"] == []
    [error] = (await graph.run(DELETE, name="small"))["deleteModel"]["errors"]
    assert error["code"] == "NOT_FOUND"


async def test_who_may_only_read_changes_and_tries_nothing(viewer: Graph) -> None:
    for document, given in (
        (SET, {"input": {"name": "a", **LOCAL}}),
        (DELETE, {"name": "a"}),
        (CHOOSE, {"model": "a"}),
        (TEST, {"name": "a"}),
    ):
        [payload] = (await viewer.run(document, **given)).values()
        assert [error["code"] for error in payload["errors"]] == ["PERMISSION_DENIED"]


async def test_a_trial_of_a_model_that_is_away_says_so(graph: Graph) -> None:
    await put(graph, "away", baseUrl="http://127.0.0.1:9/v1")
    tried = (await graph.run(TEST, name="away"))["testModel"]
    assert tried["model"] == {"name": "away"}
    assert "away cannot be reached at http://127.0.0.1:9/v1" in tried["trial"]["problem"]
    [error] = (await graph.run(TEST, name="nobody"))["testModel"]["errors"]
    assert error["code"] == "NOT_FOUND"


async def test_a_trial_ends_before_the_deadline_and_says_what_it_waited_for(graph: Graph) -> None:
    short = replace(graph.platform, limits=TransportLimits(deadline=timedelta(seconds=1)))
    async with serving() as provider:
        provider.plan("Answer with the single word: ready", Hang())
        await put(graph, "mute", baseUrl=provider.url)  # its own timeout is two minutes
        tried = (await replace(graph, platform=short).run(TEST, name="mute"))["testModel"]
    assert tried["errors"] == []
    problem = tried["trial"]["problem"]
    assert problem.startswith("mute said nothing within 0.")
    assert "as long as a test may take, though an agent would wait for 120." in problem
