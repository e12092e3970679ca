"""How well memories are found: nothing here depends on the speed of the machine."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
import yaml

from benchmarks.memory.quality import FILE, Quality, by_recall, measured, put_down, questions_of, without_model
from server.platform.wiring import Platform

pytestmark = pytest.mark.verify

LEAST = 300


@pytest.fixture(scope="module")
async def qualities(idle: Platform) -> tuple[Quality, Quality]:
    """With the model, and without."""
    actor = replace(idle.owner("tests"), workspace_id=uuid4())
    await idle.transactor.run(lambda uow: uow.workspaces.ensure(actor.workspace_id, "quality"))
    asked = await put_down(idle.transactor, actor)
    best = await measured(asked, by_recall(idle.transactor, actor))
    return best, await measured(asked, without_model(idle.transactor, actor))


def test_the_file_has_enough_of_different_memories() -> None:
    told = yaml.safe_load(FILE.read_text("utf-8"))
    texts = [answer["say"] for answer in told["answers"]] + told["others"]
    assert len(set(texts)) == len(texts) >= LEAST
    questions = [question for answer in told["answers"] for question in questions_of(answer)]
    assert len(set(questions)) == len(questions) >= 60


async def test_with_the_model_most_answers_are_found(qualities: tuple[Quality, Quality]) -> None:
    best, _ = qualities
    assert best.first >= 0.5, best
    assert best.among_five >= 0.7, best
    assert best.mrr >= 0.6, best


async def test_without_it_what_shares_words_or_spelling_is_found(qualities: tuple[Quality, Quality]) -> None:
    best, plain = qualities
    assert plain.among_five >= 0.2, plain
    assert best.mrr > plain.mrr + 0.2, (best, plain)
