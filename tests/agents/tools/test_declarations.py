"""What every tool of the platform declares."""

from __future__ import annotations

import tomllib

import pytest

from agents.contract import WrongInputs
from agents.contract.side_effect import SideEffect
from agents.contract.tool import is_private
from agents.toolbox.typed import example_of, typed_tools
from agents.toolcall.agent import ToolCall, ToolCallInputs
from server.tool_help import shapes
from tests.packaging.checkout import ROOT

OURS = sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["wrenchai.tools"])


@pytest.mark.parametrize("name", OURS)
def test_a_tool_says_what_it_takes_and_shows_how(name: str) -> None:
    tool = typed_tools()[name]
    assert tool.name == name
    assert tool.side_effects
    assert set(tool.side_effects) <= set(SideEffect)
    whole, *_ = shapes(tool.arguments_model.model_json_schema())
    assert [field.name for field in whole.fields if not field.description] == [], "every argument has a description"
    if is_private(tool):
        with pytest.raises(WrongInputs, match="a direct call is all on record"):
            ToolCall.check_inputs(ToolCallInputs(tool=name))
        return
    example = example_of(tool)
    assert example is not None
    ToolCall.check_inputs(ToolCallInputs(tool=name, arguments=dict(example)))
