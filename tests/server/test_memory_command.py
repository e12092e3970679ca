"""``wrenchai memory`` against the running platform."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.settings import Settings
from tests.server.test_approvals_command import PROJECT, wrenchai


async def about(client: GraphQLClient) -> tuple[str, str]:
    """The key of a new project, and a word that nobody has said before."""
    key = f"K{uuid4().hex[:8].upper()}"
    await client.query(PROJECT, {"input": {"name": "Memory", "key": key}})
    return key, uuid4().hex


async def test_what_is_remembered_is_recalled_and_erased(
    live: Running, settings: Settings, client: GraphQLClient
) -> None:
    key, word = await about(client)
    text = f"The {word} certificate of [the] gateway expires in May."
    kept = await wrenchai(live, settings, "memory", "remember", text, "--project", key, "--tag", "tls", "--json")
    assert kept.returncode == 0, kept.stderr
    memory = json.loads(kept.stdout)
    assert (memory["content"], memory["scope"], memory["tags"]) == (text, "PROJECT", ["tls"])
    assert "known already" not in kept.stderr
    again = await wrenchai(live, settings, "memory", "remember", text, "--project", key, "--kind", "date", "--json")
    assert "known already: it is kept once" in again.stderr
    memory = json.loads(again.stdout)
    assert (memory["kind"], memory["tags"]) == ("date", ["tls"])
    found = await wrenchai(live, settings, "memory", "recall", f"when does the {word} certificate expire?")
    assert text in found.stdout
    assert "1.00" in found.stdout
    erased = await wrenchai(live, settings, "memory", "erase", "--project", key, "--count", "1")
    assert (erased.returncode, erased.stderr.strip()) == (0, "erased 1 memory")


@pytest.mark.verify
async def test_a_memory_is_corrected_listed_and_not_erased_by_mistake(
    live: Running, settings: Settings, client: GraphQLClient
) -> None:
    key, word = await about(client)
    kept = await wrenchai(live, settings, "memory", "remember", f"The {word} one goes.", "--project", key, "--json")
    memory = json.loads(kept.stdout)
    corrected = await wrenchai(live, settings, "memory", "correct", memory["id"], f"The {word} one stays.")
    assert corrected.returncode == 0, corrected.stderr
    listed = await wrenchai(live, settings, "memory", "list", "--project", key, "--json")
    [mine] = json.loads(listed.stdout)
    assert (mine["content"], mine["version"]) == (f"The {word} one stays.", 2)
    unsure = await wrenchai(live, settings, "memory", "erase", "--project", key)
    assert unsure.returncode == 2
    assert "there is nobody to ask" in unsure.stderr
    wrong = await wrenchai(live, settings, "memory", "erase", "--project", key, "--count", "2")
    assert wrong.returncode == 3
    assert "1 memories fit" in wrong.stderr
    erased = await wrenchai(live, settings, "memory", "erase", memory["id"])
    assert erased.returncode == 0, erased.stderr
    gone = await wrenchai(live, settings, "memory", "correct", memory["id"], "Too late.")
    assert gone.returncode == 3
    assert "There is no memory" in gone.stderr
