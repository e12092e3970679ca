"""Chains of thoughts."""

from __future__ import annotations

from typing import Any

import pytest

from agents.contract import WrongInputs
from tests.agents.tools.conftest import Call


async def test_a_chain_with_a_revision_and_a_branch_is_put_in_order(call: Call) -> None:
    thoughts: list[dict[str, Any]] = [
        {"text": "It is the disk."},
        {"text": "The disk is idle, so it is the lock.", "revises": 1},
        {"text": "Take the lock later.", "branch": "later", "branches_from": 2},
        {"text": "Take no lock.", "branch": "none", "branches_from": 2},
        {"text": "Nobody else writes, so none is needed.", "branch": "none", "revises": 4},
        {"text": "Measure it.", "branch": "none"},
    ]
    done = await call(
        "sequential_thinking", goal="Why is it slow?", thoughts=thoughts, conclusion="No lock.", chosen_branch="none"
    )
    assert (done.complete, done.thoughts, done.revised) == (True, 6, {1: 2, 4: 5})
    assert [(one.name, one.begins_at, [t.number for t in one.thoughts]) for one in done.branches] == [
        ("main", None, [2]),
        ("later", 2, [3]),
        ("none", 2, [5, 6]),
    ]
    assert [one.number for one in done.line] == [2, 5, 6]
    assert "2. The disk is idle, so it is the lock. (instead of 1)" in done.summary
    assert "Other branches: main, later." in done.summary


async def test_what_another_branch_thought_better_of_still_stands(call: Call) -> None:
    thoughts: list[dict[str, Any]] = [
        {"text": "A."},
        {"text": "B."},
        {"text": "Not A.", "branch": "other", "branches_from": 2, "revises": 1},
    ]
    done = await call("sequential_thinking", goal="?", thoughts=thoughts)
    assert [one.number for one in done.line] == [1, 2]
    assert not done.complete
    other = await call("sequential_thinking", goal="?", thoughts=thoughts, chosen_branch="other")
    assert [one.number for one in other.line] == [2, 3]


@pytest.mark.parametrize(
    ("thoughts", "more", "said"),
    [
        ([{"text": "A.", "revises": 1}], {}, "thought 1 revises 1, which is no earlier thought"),
        ([{"text": "A."}, {"text": "B.", "branch": "b"}], {}, "begins the branch 'b' and does not say from where"),
        ([{"text": "A.", "branch": "b", "branches_from": 1}], {}, "branches from 1, which is not earlier"),
        ([{"text": "A.", "branches_from": 1}], {}, "which has begun already"),
        (
            [
                {"text": "A."},
                {"text": "B.", "branch": "b", "branches_from": 1},
                {"text": "C.", "revises": 2},
            ],
            {},
            "thought 3 revises 2",
        ),
        ([{"text": "A."}], {"chosen_branch": "z"}, "the chosen branch 'z' has no thought"),
        ([], {}, "at least 1 item"),
        ([{"text": "A.", "mood": "good"}], {}, "not permitted"),
    ],
)
async def test_references_to_what_is_not_there_are_refused(
    call: Call, thoughts: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(WrongInputs, match=said):
        await call("sequential_thinking", goal="?", thoughts=thoughts, **more)
