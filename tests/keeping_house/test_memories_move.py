"""Memories in a backup: what they are found by is not in it, and is made anew where it is restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.platform_processes import started, until
from tests.keeping_house.commands import db

pytestmark = [pytest.mark.verify, pytest.mark.timeout(240)]

TEXT = "The mobile team releases nothing from 15 December until January."
REMEMBER = """mutation ($content: String!) { remember(input: {content: $content}) {
  memory { id } errors { message } } }"""
RECALL = """query ($query: String!) { recall(query: $query) { memory { content } score { text trigram vector } }
  memorySearch { waiting problems } }"""


async def test_restored_memories_are_found_by_words_spelling_and_after_a_while_by_meaning(folder: Path) -> None:
    async with started("up", folder / "old") as api, api.client() as caller:
        kept = (await caller.query(REMEMBER, {"content": TEXT}))["remember"]
        assert kept["errors"] == []
    made = await db(folder / "old", "backup", folder / "backup")
    assert made.code == 0, made.said
    restored = await db(folder / "new", "restore", folder / "backup")
    assert restored.code == 0, restored.said
    async with started("serve", folder / "new") as api, api.client() as caller:
        answer = await caller.query(RECALL, {"query": "relaeses decembre"})
        assert answer["memorySearch"] == {"waiting": 1, "problems": []}
        [found] = answer["recall"]
        assert found["memory"]["content"] == TEXT
        assert (found["score"]["text"], found["score"]["vector"]) == (None, None)
        assert found["score"]["trigram"] > 0
        async with started("worker", folder / "new", {"WRENCHAI_RETENTION_INTERVAL_MINUTES": "0.02"}):

            async def by_meaning() -> bool:
                again = await caller.query(RECALL, {"query": "Can I ship a new version of the app over Christmas?"})
                return [one["memory"]["content"] for one in again["recall"]] == [TEXT]

            await until(by_meaning, 60, "the worker has made the vectors")
