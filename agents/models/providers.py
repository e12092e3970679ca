"""The providers of language models, by pydantic-ai: one client for each question, closed behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import merge_profile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from agents.models.trouble import ModelTrouble
from domain.language_model import LanguageModel, ModelProvider
from domain.recovery import ErrorClass

CONNECT_SECONDS = 10.0
OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
"""Named here, or the client would take the address from the environment of this process, and send the key there."""
NO_KEY = "none"
"""What is sent where a server wants no key: nothing is taken from the environment of this process instead."""


@asynccontextmanager
async def opened(model: LanguageModel, key: str | None) -> AsyncIterator[Model]:
    """The model, ready to be asked. Where it is was said by the owner, so it may be on this machine; it is not followed
    elsewhere.

    Raises:
        ModelTrouble: what speaks to this provider is not installed.
    """
    seconds = model.timeout.total_seconds()
    timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    async with httpx2.AsyncClient(timeout=timeout, follow_redirects=False, headers={"user-agent": "WrenchAI"}) as http:
        yield _opened(model, key or NO_KEY, http)


def _opened(model: LanguageModel, key: str, http: httpx2.AsyncClient) -> Model:
    match model.provider:
        case ModelProvider.OPENAI:
            own = OpenAIProvider(base_url=model.base_url or OPENAI_URL, api_key=key, http_client=http)
            return OpenAIChatModel(model.model_id, provider=own)
        case ModelProvider.OPENAI_COMPATIBLE:
            other = OpenAICompatibleProvider(
                "openai-compatible", base_url=model.base_url or "", api_key=key, http_client=http
            )
            # Servers that speak the protocol know its first name for the limit; the second is of OpenAI's own models.
            old_name = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
            profile = merge_profile(other.model_profile(model.model_id), old_name)
            return OpenAIChatModel(model.model_id, provider=other, profile=profile)
        case ModelProvider.ANTHROPIC:
            return _anthropic(model, key, http)


def _anthropic(model: LanguageModel, key: str, http: httpx2.AsyncClient) -> Model:
    try:
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider
    except ImportError:
        said = f"{model.name} needs what is not installed here: run `pip install 'wrenchai[anthropic]'`."
        raise ModelTrouble(said, ErrorClass.BAD_INPUT) from None
    provider = AnthropicProvider(base_url=model.base_url or ANTHROPIC_URL, api_key=key, http_client=http)
    return AnthropicModel(model.model_id, provider=provider)
