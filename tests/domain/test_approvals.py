"""What an approval is given to, and when it can be given."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import question
from agents.contract import Action
from domain.actor import Permission
from domain.approval import Approval, ApprovalStatus, Fallback, action_digest
from domain.errors import Invalid
from domain.severity import Severity

NOW = datetime(2026, 11, 25, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(st.text(), JSON, max_size=5)


def approval(status: ApprovalStatus = ApprovalStatus.PENDING, **changes: Any) -> Approval:
    terms: dict[str, Any] = {"quorum": 1, "fallback": Fallback.REJECT, "expires_at": None}
    return Approval(
        id=uuid4(),
        workspace_id=uuid4(),
        project_id=uuid4(),
        task_id=uuid4(),
        execution_id=uuid4(),
        name="push",
        kind="git.push",
        summary="Push.",
        digest="0" * 64,
        risk=Severity.HIGH,
        permission=Permission.APPROVE,
        requested_by="user:ada",
        requested_at=NOW,
        status=status,
        **{**terms, **changes},
    )


@given(ARGUMENTS)
def test_the_digest_does_not_depend_on_the_order_of_the_arguments(arguments: dict[str, Any]) -> None:
    backwards = dict(reversed(list(arguments.items())))
    assert action_digest("a", "k", arguments) == action_digest("a", "k", backwards)
    assert action_digest("a", "k", arguments) == action_digest("a", "k", json.loads(json.dumps(arguments)))


@given(ARGUMENTS, ARGUMENTS)
def test_other_arguments_have_another_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (action_digest("a", "k", one) == action_digest("a", "k", other)) is same


def test_the_digest_depends_on_who_does_what() -> None:
    digests = {action_digest(agent, kind, {}) for agent in ("a", "b") for kind in ("a", "b")}
    assert len(digests) == 4


@pytest.mark.parametrize(
    "arguments",
    [{"x": math.nan}, {"x": math.inf}, {"x": object()}, {"x": b"bytes"}, {"x": "a\0b"}, {"x": "\ud800"}, {1: {2, 3}}],
)
def test_what_is_not_json_cannot_be_asked(arguments: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        question("a", Action(name="n", kind="k", summary="s", arguments=arguments))


def test_huge_and_deep_arguments_cannot_be_asked() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"in": deep}
    for arguments in (deep, {"x": "y" * 60_000}):
        with pytest.raises(Invalid, match="arguments is"):
            question("a", Action(name="n", kind="k", summary="s", arguments=arguments))


@pytest.mark.parametrize("status", ApprovalStatus)
@pytest.mark.parametrize("fallback", Fallback)
def test_only_what_was_approved_or_falls_back_to_it_is_granted(status: ApprovalStatus, fallback: Fallback) -> None:
    granted = status is ApprovalStatus.APPROVED or (status is ApprovalStatus.EXPIRED and fallback is Fallback.APPROVE)
    assert approval(status, fallback=fallback).granted is granted


def test_it_is_open_until_its_time_has_come() -> None:
    soon = NOW + timedelta(seconds=1)
    waits = approval(expires_at=soon)
    assert waits.open_at(NOW)
    assert not waits.open_at(soon)
    assert approval().open_at(NOW + timedelta(days=10_000))
    assert not approval(ApprovalStatus.VOIDED).open_at(NOW)
