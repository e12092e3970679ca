"""One request to a model in a form that can be compared: equal requests have equal texts."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from agents.contract import Prompt
from agents.models.discretion import without_private
from domain.language_model import LanguageModel
from domain.redaction import Redactor

OF_A_MESSAGE = ("kind", "instructions")
NOT_OF_A_PART = frozenset({"timestamp", "metadata", "provider_details"})
"""What differs each time that the same is asked."""
SETTINGS = ("max_tokens", "temperature", "top_p", "seed")


def canonical(
    model: LanguageModel,
    messages: Sequence[ModelMessage],
    settings: ModelSettings | None,
    parameters: ModelRequestParameters,
    sample: int,
) -> str:
    """All that makes a difference to the answer: provider, model, messages, parameters, and the answer's form."""
    given = settings or ModelSettings()
    described = {
        "provider": model.provider.value,
        "model": model.model_id,
        "sample": sample,
        "messages": [_message(one) for one in ModelMessagesTypeAdapter.dump_python(list(messages), mode="json")],
        "settings": {name: given[name] for name in SETTINGS if name in given},  # type: ignore[literal-required]
        "tools": [_tool(one) for one in parameters.function_tools],
        "output": {
            "mode": parameters.output_mode,
            "tools": [_tool(one) for one in parameters.output_tools],
            "schema": parameters.output_object.json_schema if parameters.output_object is not None else None,
            "text": parameters.allow_text_output,
        },
    }
    return json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def shown(
    model: LanguageModel,
    messages: Sequence[ModelMessage],
    prompt: Prompt | None,
    redactor: Redactor,
    private: Container[str] = (),
) -> tuple[str, ...]:
    """What is recorded of a request for people: the model, the prompt's version, and the last message.

    What the ``private`` tools have answered is left out.
    """
    last = ModelMessagesTypeAdapter.dump_python(list(messages[-1:]), mode="json")
    parts = [[without_private(part, private) for part in _message(one)["parts"]] for one in last]
    described: dict[str, Any] = {"model": model.model_id, "messages": len(messages)}
    if prompt is not None:
        described["prompt"] = {"name": prompt.name, "version": prompt.version, "digest": prompt.digest}
    described["last"] = redactor.document(parts[0] if parts else [])
    return (json.dumps(described, ensure_ascii=False),)


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    parts = [{name: value for name, value in part.items() if name not in NOT_OF_A_PART} for part in message["parts"]]
    return {**{name: message.get(name) for name in OF_A_MESSAGE}, "parts": parts}


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "schema": tool.parameters_json_schema}
