"""Trying a model out: what it says, and how long is waited for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from agents.models.trial import ModelTrials
from domain.language_model import LanguageModel, ModelTrial
from tests.models.conftest import configured
from tests.models.provider import Hang, Provider, Reply, Say

QUESTION = "Answer with the single word: ready"
QUICK = timedelta(seconds=0.3)
LONG = timedelta(seconds=60)


async def tried(model: LanguageModel, within: timedelta = LONG) -> ModelTrial:
    async with asyncio.timeout(LONG.total_seconds()):
        return await ModelTrials().test(model, None, within)


async def test_one_that_answers(provider: Provider) -> None:
    provider.plan(QUESTION, Say(("rea", "dy")))
    trial = await tried(configured(provider.url))
    assert (trial.problem, trial.answer) == (None, "ready")
    assert (trial.input_tokens, trial.output_tokens, trial.cost) == (11, 2, 15)


@pytest.mark.parametrize("words", [(), ("half",)])
async def test_its_own_timeout_is_for_each_silence(provider: Provider, words: tuple[str, ...]) -> None:
    provider.plan(QUESTION, Hang(words))
    trial = await tried(configured(provider.url, timeout=QUICK))
    assert trial.problem == "small said nothing for 0.3 seconds."


async def test_one_that_speaks_slowly_is_waited_for(provider: Provider) -> None:
    provider.plan(QUESTION, Say(("r", "ea", "d", "y"), seconds=0.5))
    model = configured(provider.url, timeout=timedelta(seconds=1.5))
    trial = await tried(model)
    assert (trial.problem, trial.answer) == (None, "ready")
    assert trial.latency > model.timeout  # all of it took longer than each silence may


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Hang(), "small said nothing within 2.5 seconds"),
        (Hang(("half",)), "small had not come to an end after 2.5 seconds"),
    ],
)
async def test_all_of_it_ends_in_time(provider: Provider, reply: Reply, said: str) -> None:
    provider.plan(QUESTION, reply)
    trial = await tried(configured(provider.url), timedelta(seconds=2.5))
    wait = "which is as long as a test may take, though an agent would wait for 120."
    assert trial.problem == f"{said}, {wait}"


async def test_without_time_it_is_not_asked(provider: Provider) -> None:
    trial = await tried(configured(provider.url), timedelta())
    assert trial.problem == "There was no time left to ask small: test it in a request of its own."
    assert not provider.asked
