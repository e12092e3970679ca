"""The clock that all processes share: what the database answers was true some time while it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine

from persistence.clock import DRIFT, DatabaseClock, Reading

BOOTED = datetime(2001, 1, 1, tzinfo=UTC)


class Clock(DatabaseClock):
    """Its time since boot is that of the test."""

    at = 100.0

    def __init__(self) -> None:
        super().__init__(create_async_engine("postgresql+asyncpg://nobody@127.0.0.1/nothing"))

    def elapsed(self) -> float:
        return self.at

    def hear(self, there: float, back: float, moved: float = 0.0) -> None:
        """A question that takes so many seconds there and back, of a database whose clock was moved by ``moved``."""
        asked = self.at
        self.at += there
        theirs = true(self.at) + timedelta(seconds=moved)
        self.at += back
        self.learn(Reading(theirs, asked, self.at))

    def error(self, moved: float = 0.0) -> float:
        return abs((self.now() - true(self.at) - timedelta(seconds=moved)).total_seconds())


def true(elapsed: float) -> datetime:
    return BOOTED + timedelta(seconds=elapsed)


def test_an_answer_that_took_long_does_not_displace_a_better_one() -> None:
    clock = Clock()
    clock.hear(0.001, 0.001)
    assert clock.error() <= 0.001
    for there, back in ((3.0, 0.0), (0.0, 3.0), (10.0, 0.1)):
        clock.at += 20
        clock.hear(there, back)
        assert clock.error() < 0.05
    assert clock.steady_for() == timedelta(seconds=clock.at)


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=20))
def test_it_is_as_right_as_its_best_answer(answers: list[tuple[float, float, float]]) -> None:
    clock, best = Clock(), float("inf")
    for pause, there, back in answers:
        clock.at += pause
        clock.hear(there, back)
        best = min((there + back) / 2, best + DRIFT * (pause + there + back))
    assert clock.error() <= best + 1e-5  # at the end only: what was read once does not go back by less than a step


@pytest.mark.parametrize("moved", [-3600.0, -2.0, 2.0, 3600.0])
def test_a_clock_that_was_moved_is_followed_and_counts_as_unsteady(moved: float) -> None:
    clock = Clock()
    clock.hear(0.001, 0.001)
    clock.at += 20
    clock.hear(0.001, 0.001, moved)
    assert clock.error(moved) <= 0.001
    assert clock.steady_for() == timedelta()
    clock.at += 20
    clock.hear(0.5, 0.5, moved)
    assert clock.steady_for() == timedelta(seconds=21)
