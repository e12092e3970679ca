"""A language model that a workspace has connected: where it is, what it may take, and who uses it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.errors import Invalid
from domain.service_url import check_service_url
from domain.text import check_text

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NONE: Final = "none"
"""What an agent is given instead of the name of a model, so that it gets none."""
DEFAULT: Final = "default"
"""What an agent is given instead of the name of a model, so that it gets what the workspace uses."""
EVERYBODY: Final = ""
"""The agent of the choice that holds for every agent without a choice of its own."""
MOST_FALLBACKS: Final = 5
MOST_OUTPUT: Final = 1_000_000
LONGEST_SILENCE: Final = timedelta(hours=1)
MOST_REQUESTS: Final = 1_000
PER: Final = 1_000_000
"""Prices of tokens are for so many of them."""
MOST_PRICE: Final = 10**13
"""The highest price of a million tokens, in the smallest part of ``COST``."""


class ModelProvider(StrEnum):
    """Whose API is spoken. ``OPENAI_COMPATIBLE`` is any server with OpenAI's chat completions, a local one as well."""

    OPENAI = "OPENAI"
    OPENAI_COMPATIBLE = "OPENAI_COMPATIBLE"
    ANTHROPIC = "ANTHROPIC"


class AnswerMode(StrEnum):
    """How a model is asked for an answer of a certain form.

    ``TOOL``: as the arguments of a tool. ``NATIVE``: by the schema in the request. ``PROMPTED``: by the schema in the
    text, for models that know neither.
    """

    TOOL = "TOOL"
    NATIVE = "NATIVE"
    PROMPTED = "PROMPTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """What a million tokens cost, in the smallest part of ``COST``, where the owner says it. 0 is a price."""

    input: int
    output: int

    def cost(self, input_tokens: int, output_tokens: int) -> int:
        """The cost of so many; a part of the smallest part counts as a whole one."""
        return -(-(input_tokens * self.input + output_tokens * self.output) // PER)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """A model as it is configured.

    ``base_url`` is where its API is, ``None`` for that of the provider; ``key_secret`` names the secret that holds the
    key. ``max_output_tokens`` is what one answer may have at most. A model that says nothing for ``timeout`` is given
    up. ``max_requests`` is how often one question may ask it, tools and repairs included. ``fallback_id`` is the model
    that is asked when this one has failed for good.
    """

    id: UUID
    workspace_id: UUID
    name: str
    provider: ModelProvider
    model_id: str
    base_url: str | None = None
    key_secret: str | None = None
    max_output_tokens: int = 4_096
    timeout: timedelta = timedelta(seconds=120)
    max_requests: int = 20
    answer_mode: AnswerMode = AnswerMode.TOOL
    price: TokenPrice | None = None
    fallback_id: UUID | None = None
    updated_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def tool(self) -> str:
        """The name under which calls of it are in the ledger."""
        return f"model:{self.name}"

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            Invalid: ``path`` names the field.
        """
        check_name(self.name)
        check_text(self.model_id, "modelId", most=200, required=True)
        _within("maxOutputTokens", self.max_output_tokens, MOST_OUTPUT)
        _within("maxRequests", self.max_requests, MOST_REQUESTS)
        if not timedelta(0) < self.timeout <= LONGEST_SILENCE:
            raise Invalid("timeout must be above 0 and at most an hour.", path=("input", "timeout"))
        if self.price is not None and not all(0 <= one <= MOST_PRICE for one in (self.price.input, self.price.output)):
            raise Invalid("A price of tokens must be from 0 to 10,000,000 a million.", path=("input", "price"))
        if self.base_url is not None:
            check_service_url(self.base_url, "baseUrl", sends="the key" if self.key_secret is not None else None)
        elif self.provider is ModelProvider.OPENAI_COMPATIBLE:
            reason = "An OPENAI_COMPATIBLE model needs a baseUrl, for example http://127.0.0.1:11434/v1."
            raise Invalid(reason, path=("input", "baseUrl"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which model an agent uses; ``agent`` is empty for every agent without a choice of its own, ``None`` is none."""

    agent: str
    model_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrial:
    """What came of asking a model something tiny.

    ``problem`` is a sentence that says what is wrong, ``None`` when it answered. ``cost`` is in the smallest part of
    ``COST``, ``None`` when nobody knows it; tokens are ``None`` when the model does not say how many they were.
    """

    latency: timedelta
    answer: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    problem: str | None = None


def check_name(name: str, *path: str) -> str:
    """The name of a model.

    Raises:
        Invalid: it is not one.
    """
    if not NAME.fullmatch(name) or name in {NONE, DEFAULT}:
        reason = (
            "A model's name has 1 to 64 lower-case letters, digits, dots, dashes and underscores, the first a letter "
            f"or digit, and is neither {NONE!r} nor {DEFAULT!r}."
        )
        raise Invalid(reason, path=path or ("input", "name"))
    return name


def _within(field: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(f"{field} must be from 1 to {most:,}.", path=("input", field))
