"""The tiny question with which a model is tried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelRequest, TextPart
from pydantic_ai.settings import ModelSettings

from agents.models.pricing import Tokens, cost_of
from agents.models.providers import opened
from agents.models.trouble import troubled
from agents.prompts import load_prompt
from domain.language_model import LanguageModel, ModelTrial
from domain.redaction import Redactor

MOST_TOKENS = 256
"""Of the answer: enough for a model that thinks first."""
MOST_SHOWN = 200


async def exchange(model: LanguageModel, key: str | None, elapsed: Callable[[], timedelta]) -> ModelTrial:
    """Ask, and answer what came of it; ``elapsed`` is the time since the beginning."""
    redactor = Redactor()
    if key is not None:
        redactor.learn(key)
    prompt = load_prompt("test-a-model").render()
    settings = ModelSettings(max_tokens=min(MOST_TOKENS, model.max_output_tokens), max_retries=0)
    try:
        async with asyncio.timeout(model.timeout.total_seconds()), opened(model, key) as one:
            question = [ModelRequest.user_text_prompt(prompt.text)]
            async with model_request_stream(one, question, model_settings=settings) as stream:
                async for _ in stream:
                    pass
            response = stream.get()
    except Exception as error:
        trouble = troubled(error, model)
        if trouble is None:
            raise
        return ModelTrial(latency=elapsed(), problem=redactor.text(str(trouble)))
    usage = response.usage
    counted = bool(usage.input_tokens or usage.output_tokens)
    tokens = Tokens(input=usage.input_tokens, output=usage.output_tokens, cached=usage.cache_read_tokens)
    answer = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    return ModelTrial(
        latency=elapsed(),
        answer=redactor.text(answer.strip())[:MOST_SHOWN],
        input_tokens=tokens.input if counted else None,
        output_tokens=tokens.output if counted else None,
        cost=cost_of(model, tokens) if counted else None,
    )
