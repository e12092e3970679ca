"""Tools called as an agent calls them, on a folder for a checkout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agents.contract import Step
from agents.testing import KitContext
from agents.toolbox.typed import typed_tools
from agents.toolcall.agent import ToolCall, ToolCallInputs
from domain.quality_gate import QualityGate

Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


@pytest.fixture
def context(checkout: Path, tmp_path: Path) -> KitContext:
    (tmp_path / "scratch").mkdir()
    return KitContext(checkout, "kit", (), QualityGate(), frozenset())


@pytest.fixture
def call(context: KitContext) -> Call:
    """Check the arguments as a direct call does, then make it; the answer."""

    async def call(name: str, **arguments: Any) -> Any:
        ToolCall.check_inputs(ToolCallInputs(tool=name, arguments=arguments))
        tool = typed_tools()[name]

        async def work(step: Step) -> Any:
            return await step.call(tool, tool.arguments_model.model_validate(arguments))

        return await context.step(f"call {len(context.ledger.calls)}", work, returns=tool.result_model)

    return call
