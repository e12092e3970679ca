"""``wrenchai models`` against the running platform."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from server.process import Running
from server.settings import Settings
from tests.models.provider import Provider, Refuse, Say, serving
from tests.server.test_approvals_command import wrenchai

READY = "Answer with the single word: ready"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as provider:
        yield provider


async def test_a_model_is_connected_and_tried(live: Running, settings: Settings, provider: Provider) -> None:
    given = ("--provider", "openai-compatible", "--model", "wee-1", "--base-url", provider.url)
    made = await wrenchai(live, settings, "models", "set", "wee", *given, "--timeout", "30")
    assert (made.returncode, "connected wee" in made.stderr) == (0, True), made.stderr
    provider.plan(READY, Say(("ready",)))
    tried = await wrenchai(live, settings, "models", "test", "wee")
    assert tried.returncode == 0, tried.stderr
    assert "wee answered 'ready' in" in tried.stdout
    assert "11 tokens in, 1 out; its price is not known" in tried.stdout


@pytest.mark.verify
async def test_a_model_is_connected_tried_used_and_forgotten(
    live: Running, settings: Settings, provider: Provider
) -> None:
    given = ("--provider", "openai_compatible", "--model", "tiny-1", "--base-url", provider.url)
    made = await wrenchai(live, settings, "models", "set", "tiny", *given, "--price", "1", "2")
    assert made.returncode == 0, made.stderr
    assert "connected tiny" in made.stderr
    assert "nobody uses it yet" in made.stderr
    provider.plan(READY, Say(("ready",)), Refuse(401, "who are you"))
    tried = await wrenchai(live, settings, "models", "test", "tiny")
    assert tried.returncode == 0, tried.stderr
    assert "tiny answered 'ready' in" in tried.stdout
    assert "11 tokens in, 1 out; cost 0.000013" in tried.stdout
    failed = await wrenchai(live, settings, "models", "test", "tiny", "--json")
    assert failed.returncode == 1
    assert "was refused by http" in json.loads(failed.stdout)["problem"]
    used = await wrenchai(live, settings, "models", "use", "tiny", "--agent", "liar")
    assert "the agent liar now uses tiny" in used.stderr
    listed = await wrenchai(live, settings, "models", "list")
    assert "1 in, 2 out" in listed.stdout
    assert "liar" in listed.stdout
    kept = await wrenchai(live, settings, "models", "delete", "tiny")
    assert (kept.returncode, "is used by the agent liar" in kept.stderr) == (3, True)
    await wrenchai(live, settings, "models", "use", "default", "--agent", "liar")
    gone = await wrenchai(live, settings, "models", "delete", "tiny")
    assert (gone.returncode, gone.stderr) == (0, "forgot tiny\n")
