"""A double of a language model: it says what the test has written down, by pydantic-ai's own means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.language_model import LanguageModel, ModelProvider, TokenPrice

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model
    from pydantic_ai.models.function import AgentInfo

MODEL = LanguageModel(
    id=UUID(int=3),
    workspace_id=UUID(int=1),
    name="double",
    provider=ModelProvider.OPENAI_COMPATIBLE,
    model_id="double",
    base_url="http://localhost",
    price=TokenPrice(input=1_000_000, output=2_000_000),
    updated_by="the test kit",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)
"""As which a double is configured. A million tokens of input cost 1, of output 2, so that budgets can be tested."""


def answers(*said: str | Mapping[str, Any]) -> Model:
    """A model that gives these answers, one for each request: a text, or the fields of an answer of some form.

    A text that is given where a form was asked for is an answer that does not fit. Asked more often, it fails.
    """
    from pydantic_ai.exceptions import UnexpectedModelBehavior
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    left: Iterator[str | Mapping[str, Any]] = iter(said)

    def answer(_messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        try:
            one = next(left)
        except StopIteration:
            raise UnexpectedModelBehavior(
                f"The model was asked more often than the test has answers, which are {len(said)}."
            ) from None
        if isinstance(one, str):
            return ModelResponse(parts=[TextPart(content=one)])
        if info.output_tools:
            return ModelResponse(parts=[ToolCallPart(tool_name=info.output_tools[0].name, args=dict(one))])
        return ModelResponse(parts=[TextPart(content=json.dumps(one))])

    return FunctionModel(answer, model_name="double")


def can_stream(model: Model) -> bool:
    """Whether the double answers bit by bit; one with a plain function answers as a whole."""
    from pydantic_ai.models.function import FunctionModel

    return not isinstance(model, FunctionModel) or model.stream_function is not None
