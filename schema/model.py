"""Language models: what is configured, who uses them, and how one is tried out."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry import UNSET, Parent

import domain.language_model as domain
from domain.language_model import AnswerMode, ModelProvider, TokenPrice
from domain.units import Unit, parts_of, written
from domain.use_cases.models import ChooseModel, Chosen, DeleteModel, SetModel
from resolvers import models
from resolvers.outcome import Outcome
from schema.absence import given
from schema.node import Info, Node, represents
from schema.payloads import Payload, changed


def _input_price(root: Parent[TokenPrice]) -> Decimal:
    return written(Unit.COST, root.input)


def _output_price(root: Parent[TokenPrice]) -> Decimal:
    return written(Unit.COST, root.output)


@strawberry.type(name="TokenPrice", description="What a million tokens cost, as the owner says.")
class ShownTokenPrice:
    """A price."""

    input = strawberry.field(_input_price, description="A million tokens that the model is given.")
    output = strawberry.field(_output_price, description="A million tokens that it answers with.")


async def _fallback(root: Parent[domain.LanguageModel], info: Info) -> domain.LanguageModel | None:
    return None if root.fallback_id is None else await info.context.load(models.by_id, root.fallback_id)


async def _users(root: Parent[domain.LanguageModel], info: Info) -> list[str]:
    return [one for one in await info.context.load(models.users_of, root.id) if one]


async def _is_default(root: Parent[domain.LanguageModel], info: Info) -> bool:
    return domain.EVERYBODY in await info.context.load(models.users_of, root.id)


LazyModel = Annotated["LanguageModel", strawberry.lazy("schema.model")]


@represents(domain.LanguageModel)
@strawberry.type(description="A language model that agents may use. Its key is a secret, and is named here only.")
class LanguageModel(Node):
    """A model."""

    name: str = strawberry.field(description="The only one of this name in the workspace.")
    provider: ModelProvider = strawberry.field(description="Whose API it is asked by.")
    model_id: str = strawberry.field(description="What the provider calls it, for example gpt-5-mini.")
    base_url: str | None = strawberry.field(description="Where its API is; null for that of the provider.")
    key_secret: str | None = strawberry.field(description="Name of the secret with its key; null for none.")
    max_output_tokens: int = strawberry.field(description="What one answer may have at most; it is reserved before.")
    timeout: timedelta = strawberry.field(description="It is given up when it says nothing for so long.")
    max_requests: int = strawberry.field(
        description="How often one question of an agent may ask it at most, calls of tools and repairs included."
    )
    answer_mode: AnswerMode = strawberry.field(description="How it is asked for an answer of a certain form.")
    price: TokenPrice | None = strawberry.field(
        graphql_type=ShownTokenPrice | None,
        description="The owner's own price. With null that of the provider counts, where it is known; else its calls "
        "are unpriced, which is not free.",
    )
    fallback = strawberry.field(
        _fallback, graphql_type=LazyModel | None, description="What is asked when it has failed; null for nothing."
    )
    is_default = strawberry.field(_is_default, description="Whether agents without a choice of their own use it.")
    agents = strawberry.field(_users, description="Kinds of the agents for which it was chosen.")
    updated_by: str = strawberry.field(description="Who set it, for example user:local-owner.")
    created_at: datetime = strawberry.field(description="When it was first set.")
    updated_at: datetime = strawberry.field(description="When it was set last.")


@strawberry.input(description="What a million tokens cost. 0 is a price: that of a model on your own machine.")
class TokenPriceInput:
    """A price."""

    input: Decimal = strawberry.field(description="A million tokens that the model is given.")
    output: Decimal = strawberry.field(description="A million tokens that it answers with.")

    def parsed(self) -> TokenPrice:
        """The same in terms of the domain."""
        path = ("input", "price")
        return TokenPrice(
            input=parts_of(Unit.COST, self.input, (*path, "input")),
            output=parts_of(Unit.COST, self.output, (*path, "output")),
        )


@strawberry.input(description="What setModel is given.")
class SetModelInput:
    """A model to connect."""

    name: str = strawberry.field(
        description="1 to 64 lower-case letters, digits, dots, dashes and underscores; neither none nor default."
    )
    provider: ModelProvider = strawberry.field(description="Whose API it is asked by.")
    model_id: str = strawberry.field(description="What the provider calls it.")
    base_url: str | None = strawberry.field(
        default=UNSET,
        description="Where its API is, for example http://127.0.0.1:11434/v1. OPENAI_COMPATIBLE needs it.",
    )
    key_secret: str | None = strawberry.field(default=UNSET, description="Name of the secret with its key.")
    max_output_tokens: int = strawberry.field(default=4_096, description="What one answer may have at most.")
    timeout: timedelta = strawberry.field(
        default=timedelta(minutes=2), description="It is given up when it says nothing for so long; at most an hour."
    )
    max_requests: int = strawberry.field(default=20, description="How often one question may ask it, 1 to 1,000.")
    answer_mode: AnswerMode = strawberry.field(
        default=AnswerMode.TOOL, description="How it is asked for an answer of a certain form."
    )
    price: TokenPriceInput | None = strawberry.field(
        default=UNSET, description="Your own price, for a model whose price is not known, or that is yours."
    )
    fallback: str | None = strawberry.field(
        default=UNSET, description="Name of the model that is asked when this one has failed."
    )

    def command(self) -> SetModel:
        """The same in terms of the domain."""
        price = given(self.price)
        return SetModel(
            name=self.name,
            provider=self.provider,
            model_id=self.model_id,
            base_url=given(self.base_url),
            key_secret=given(self.key_secret),
            max_output_tokens=self.max_output_tokens,
            timeout=self.timeout,
            max_requests=self.max_requests,
            answer_mode=self.answer_mode,
            price=None if price is None else price.parsed(),
            fallback=given(self.fallback),
        )


@strawberry.input(description="What deleteModel is given.")
class DeleteModelInput:
    """A model to forget."""

    name: str = strawberry.field(description="Its name.")

    def command(self) -> DeleteModel:
        """The same in terms of the domain."""
        return DeleteModel(name=self.name)


@strawberry.input(description="What chooseModel is given.")
class ChooseModelInput:
    """A choice."""

    model: str = strawberry.field(
        description="Name of a model, none for no model, or default for what the workspace uses."
    )
    agent: str | None = strawberry.field(
        default=UNSET, description="Kind of the agent; without it, every agent that has no choice of its own."
    )

    def command(self) -> ChooseModel:
        """The same in terms of the domain."""
        return ChooseModel(model=self.model, agent=given(self.agent))


@strawberry.input(description="What testModel is given.")
class TestModelInput:
    """A model to try out."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What setModel answers.")
class SetModelPayload(Payload):
    """See the description."""

    model = changed(LanguageModel, "The model.")


@strawberry.type(description="What deleteModel answers.")
class DeleteModelPayload(Payload):
    """See the description."""

    model = changed(LanguageModel, "The model as it was.")


def _chosen(root: Parent[Outcome[Chosen]]) -> domain.LanguageModel | None:
    return None if root.value is None else root.value.model


def _agent(root: Parent[Outcome[Chosen]]) -> str | None:
    return None if root.value is None else root.value.agent


@strawberry.type(description="What chooseModel answers.")
class ChooseModelPayload(Payload):
    """See the description."""

    agent = strawberry.field(_agent, description="Kind of the agent; null for all that have no choice of their own.")
    model = strawberry.field(
        _chosen, graphql_type=LanguageModel | None, description="What is used from now on; null for no model."
    )


Tried = Outcome[tuple[domain.LanguageModel, domain.ModelTrial]]


def _latency(root: Parent[domain.ModelTrial]) -> int:
    return round(root.latency.total_seconds() * 1000)


def _trial_cost(root: Parent[domain.ModelTrial]) -> Decimal | None:
    return None if root.cost is None else written(Unit.COST, root.cost)


@strawberry.type(description="What came of asking a language model something tiny.")
class ModelTrial:
    """A trial."""

    problem: str | None = strawberry.field(description="What is wrong, in a sentence; null when it answered.")
    answer: str = strawberry.field(description="What it said; empty when it did not answer.")
    latency_ms = strawberry.field(_latency, description="How long it took, in milliseconds.")
    input_tokens: int | None = strawberry.field(description="Tokens that it was given; null when it does not say.")
    output_tokens: int | None = strawberry.field(description="Tokens of its answer; null when it does not say.")
    cost = strawberry.field(_trial_cost, description="What it cost; null when nobody knows, which is not 0.")


def _tried_model(root: Parent[Any]) -> domain.LanguageModel | None:
    return None if root.value is None else root.value[0]


def _trial(root: Parent[Any]) -> domain.ModelTrial | None:
    return None if root.value is None else root.value[1]


@strawberry.type(description="What testModel answers.")
class TestModelPayload(Payload):
    """See the description."""

    model = strawberry.field(_tried_model, graphql_type=LanguageModel | None, description="The model that was asked.")
    trial = strawberry.field(_trial, graphql_type=ModelTrial | None, description="What came of it.")


async def test_model(
    info: Info, input: Annotated[TestModelInput, strawberry.argument(description="What is asked for.")]
) -> Any:
    """Ask a model something tiny."""
    return await models.tried(info.context, input.name)
