"""What tokens cost, by the owner's price or the table of ``genai-prices``, and what a request takes at worst."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING

from genai_prices import Usage, calc_price

from domain.language_model import LanguageModel, ModelProvider
from domain.prices import Quote
from domain.units import Unit

PROVIDER_IDS = {ModelProvider.OPENAI: "openai", ModelProvider.ANTHROPIC: "anthropic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many a request took; ``cached`` of the input had been seen by the provider before."""

    input: int
    output: int
    cached: int = 0


def cost_of(model: LanguageModel, tokens: Tokens) -> int | None:
    """In the smallest part of ``COST``, a part of it counted whole; ``None`` when nobody knows the price."""
    if model.price is not None:
        return model.price.cost(tokens.input, tokens.output)
    usage = Usage(
        input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=min(tokens.cached, tokens.input)
    )
    try:
        if (provider_id := PROVIDER_IDS.get(model.provider)) is not None:
            price = calc_price(usage, model.model_id, provider_id=provider_id).total_price
        else:
            price = calc_price(usage, model.model_id, provider_api_url=model.base_url or "").total_price
    except (LookupError, ValueError):
        return None
    return int((price * Unit.COST.parts).to_integral_value(ROUND_CEILING))


def quote(model: LanguageModel, *, input_bytes: int, max_output_tokens: int) -> Quote:
    """What a request takes at worst. A token stands for at least one byte, so there are no more tokens than bytes."""
    worst = cost_of(model, Tokens(input=input_bytes, output=max_output_tokens))
    cost = {} if worst is None else {Unit.COST: worst}
    tokens = {Unit.INPUT_TOKENS: input_bytes, Unit.OUTPUT_TOKENS: max_output_tokens}
    return Quote(worst={**tokens, **cost}, priced=worst is not None)


def taken(model: LanguageModel, tokens: Tokens) -> dict[Unit, int]:
    """What a request took, by unit."""
    cost = cost_of(model, tokens)
    counted = {
        Unit.INPUT_TOKENS: tokens.input,
        Unit.OUTPUT_TOKENS: tokens.output,
        Unit.CACHED_TOKENS: tokens.cached,
    }
    return counted if cost is None else {**counted, Unit.COST: cost}
