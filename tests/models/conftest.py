"""A provider for each test, and a step that asks its models without a platform around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agents.contract import Model
from agents.models import ModelHost, StepModel
from agents.models.host import open_model
from agents.testing.kit_context import KitContext
from agents.testing.kit_step import KitStep
from agents.testing.meter import KitMeter
from domain.language_model import LanguageModel, ModelProvider, TokenPrice
from domain.quality_gate import QualityGate
from domain.units import Unit
from tests.models.provider import Provider, serving

SECRETS = {"key": "sk-correct-horse-battery"}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """A provider that nobody has asked yet."""
    async with serving() as provider:
        yield provider


def configured(url: str, name: str = "small", **changes: Any) -> LanguageModel:
    """A model at that address."""
    now = datetime.now(UTC)
    model = LanguageModel(
        id=uuid4(),
        workspace_id=uuid4(),
        name=name,
        provider=ModelProvider.OPENAI_COMPATIBLE,
        model_id=f"{name}-1",
        base_url=url,
        price=TokenPrice(input=1_000_000, output=2_000_000),
        updated_by="a test",
        created_at=now,
        updated_at=now,
    )
    return replace(model, **changes)


class Desk:
    """A step of the kit whose model is a real one, at the provider of the test; pauses are noted and not waited."""

    def __init__(self, folder: Path) -> None:
        self.context = KitContext(folder, "kit", (), QualityGate(), frozenset(), secrets=SECRETS)
        self.pauses: list[timedelta] = []

    def budgets(self, budgets: Mapping[Unit, str]) -> None:
        """Limit what may be spent."""
        self.context.use(KitMeter({}, {unit: Decimal(limit) for unit, limit in budgets.items()}))

    def model(self, *chain: LanguageModel, step: str = "think") -> Model:
        """The model as a step has it."""
        kit_step = KitStep(step, self.context)

        async def pause(length: timedelta) -> None:
            self.pauses.append(length)

        host = ModelHost(
            step=step,
            ledger=replace(self.context.ledger, step_name=step),
            redactor=self.context.redactor,
            open=open_model,
            reveal=kit_step.reveal,
            note=kit_step.note,
            tell=kit_step.tell,
            call=kit_step.call,
            working=nullcontext,
            turns=self.context.turns,
            pause=pause,
        )
        return StepModel(chain, host)

    @property
    def told(self) -> list[Any]:
        """The events of models."""
        return self.context.ledger.events

    @property
    def spent(self) -> dict[Unit, Decimal]:
        """What was spent."""
        return self.context.budget.spent()

    def counted(self, *units: Unit) -> list[int]:
        """What was spent of units that have no parts."""
        return [int(self.spent[unit]) for unit in units]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A step, with nothing spent yet."""
    return Desk(tmp_path)


@pytest.fixture
def small(provider: Provider) -> LanguageModel:
    """A model at the provider of the test."""
    return configured(provider.url)
