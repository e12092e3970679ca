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


async def exchange(
    model: LanguageModel, key: str | None, elapsed: Callable[[], timedelta], within: timedelta
) -> ModelTrial:
    """Ask, and answer what came of it; ``elapsed`` is the time since the beginning.

    The model's own timeout is for each silence, as when an agent asks; ``within`` is for all of it.
    """
    redactor = Redactor()
    if key is not None:
        redactor.learn(key)
    prompt = load_prompt("test-a-model").render()
    settings = ModelSettings(max_tokens=min(MOST_TOKENS, model.max_output_tokens), max_retries=0)
    silence, now = model.timeout.total_seconds(), asyncio.get_running_loop().time
    whole, heard = asyncio.timeout(max((within - elapsed()).total_seconds(), 0.0)), False
    try:
        async with whole, asyncio.timeout(silence) as limit, opened(model, key) as one:
            question = [ModelRequest.user_text_prompt(prompt.text)]
            async with model_request_stream(one, question, model_settings=settings) as stream:
                async for _ in stream:
                    heard = True
                    limit.reschedule(now() + silence)
            response = stream.get()
    except Exception as error:
        if whole.expired():
            return ModelTrial(latency=elapsed(), problem=_out_of_time(model, within, heard=heard))
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


def _out_of_time(model: LanguageModel, within: timedelta, *, heard: bool) -> str:
    if within <= timedelta():
        return f"There was no time left to ask {model.name}: test it in a request of its own."
    said = "had not come to an end after" if heard else "said nothing within"
    longer = f", though an agent would wait for {model.timeout.total_seconds():g}" if model.timeout > within else ""
    return f"{model.name} {said} {within.total_seconds():.3g} seconds, which is as long as a test may take{longer}."
