"""What a person is asked before a tool is called directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.contract import Action, ActionRejected
from agents.testing import run_agent
from agents.toolcall.agent import ToolCall, ToolCallInputs
from domain.canonical import digest

PAGES = [{"kind": "fill", "selector": f"#f{one}", "value": str(one) * 9_000} for one in range(10)]
ISSUE = {"kind": "create_issue", "owner": "octocat", "repository": "hello-world", "title": "It fails"}
LARGE: dict[str, dict[str, Any]] = {
    "github_write": {"action": {**ISSUE, "body": "b" * 60_000}},
    "database_write": {"connection": "shop", "sql": "SELECT " + "1" * 99_000},
    "browser_write": {"actions": PAGES},
}


async def asked(folder: Path, tool: str, **arguments: Any) -> Action:
    """The question, which is answered with no."""
    actions: list[Action] = []

    def reject(action: Action) -> bool:
        actions.append(action)
        return False

    with pytest.raises(ActionRejected):
        await run_agent(ToolCall(), folder, ToolCallInputs(tool=tool, arguments=arguments), approvals=reject)
    (action,) = actions
    return action


@pytest.mark.parametrize("tool", LARGE)
async def test_large_arguments_are_asked_shortened_with_the_digest_of_all(tmp_path: Path, tool: str) -> None:
    ToolCall.check_inputs(ToolCallInputs(tool=tool, arguments=LARGE[tool]))
    action = await asked(tmp_path, tool, **LARGE[tool])
    shown = action.arguments
    assert shown["leftOut"]
    assert all("characters, behind the first" in said for said in shown["leftOut"].values())
    another = await asked(tmp_path, tool, **_with_another_middle(LARGE[tool]))
    assert another.arguments["arguments"] == shown["arguments"]
    assert another.arguments["argumentsDigest"] != shown["argumentsDigest"]


def _with_another_middle(value: Any) -> Any:
    """The same value with one character changed in the middle of each long text."""
    if isinstance(value, dict):
        return {key: _with_another_middle(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_another_middle(part) for part in value]
    if isinstance(value, str) and len(value) > 5_000:
        return f"{value[: len(value) // 2]}z{value[len(value) // 2 + 1 :]}"
    return value


async def test_short_arguments_are_asked_whole(tmp_path: Path) -> None:
    action = await asked(tmp_path, "docker_run", image="alpine:3.22")
    assert action.arguments["leftOut"] == {}
    assert action.arguments["arguments"]["image"] == "alpine:3.22"
    assert action.arguments["argumentsDigest"] == digest(action.arguments["arguments"])
    assert "egress policy does not apply" not in action.summary


async def test_a_network_without_the_egress_policy_is_said(tmp_path: Path) -> None:
    action = await asked(tmp_path, "docker_run", image="alpine:3.22", network=True)
    assert "where the egress policy does not apply" in action.summary
    assert "private networks and the metadata of clouds" in action.summary
