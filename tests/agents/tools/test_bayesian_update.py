"""Conjugate updates against values computed elsewhere."""

from __future__ import annotations

import math
from typing import Any

import pytest

from agents.contract import WrongInputs
from agents.tools.distributions import (
    beta_below,
    beta_quantile,
    gamma_quantile,
    inverse_gamma_quantile,
    student_quantile,
)
from tests.agents.tools.conftest import Call

close = pytest.approx


def test_quantiles_are_those_of_published_tables() -> None:
    # NIST/SEMATECH e-Handbook, 1.3.6.7: Student's t and chi-squared; R: qbeta(c(.025, .975), 8, 4).
    assert student_quantile(0.975, 10) == close(2.228138852, rel=1e-9)
    assert student_quantile(0.975, 1) == close(12.70620474, rel=1e-9)
    assert student_quantile(0.025, 30) == close(-2.042272456, rel=1e-9)
    assert student_quantile(0.5, 3) == 0
    assert 2 * gamma_quantile(0.95, 2.5) == close(11.07049769, rel=1e-9)
    assert 2 * gamma_quantile(0.05, 2.5) == close(1.145476226, rel=1e-9)
    assert 2 * gamma_quantile(0.5, 50) == close(99.33412924, rel=1e-9)
    assert beta_quantile(0.025, 8, 4) == close(0.3902574, rel=1e-6)
    assert beta_quantile(0.975, 8, 4) == close(0.8907366, rel=1e-6)
    assert inverse_gamma_quantile(0.05, 2.5, 3) == close(6 / 11.07049769, rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0.01, 5), (0.5, 0.5), (1, 3), (2.5, 1e4), (1e6, 3e6), (1e7, 1e7)])
def test_a_quantile_has_the_share_below_it_that_it_is_of(a: float, b: float) -> None:
    for share in (0.001, 0.025, 0.5, 0.975):
        assert beta_below(beta_quantile(share, a, b), a, b) == close(share, abs=1e-6)
        assert beta_quantile(share, a, b) == close(1 - beta_quantile(1 - share, b, a), abs=1e-9)


async def test_shares(call: Call) -> None:
    done = await call("bayesian_update", update={"family": "beta", "successes": 7, "failures": 3})
    (share,) = done.estimates
    assert done.posterior == {"alpha": 8, "beta": 4}
    assert (share.mean, share.mode) == (close(8 / 12), close(0.7))
    assert share.deviation == close(math.sqrt(32 / (144 * 13)))
    assert (share.lower, share.upper) == (close(0.3902574, rel=1e-6), close(0.8907366, rel=1e-6))


async def test_a_mean_with_known_variance(call: Call) -> None:
    update = {"family": "normal", "mean": 0, "variance": 4, "known_variance": 1, "observations": [1, 2, 3]}
    done = await call("bayesian_update", update=update, credibility=0.9)
    (mean,) = done.estimates
    assert done.posterior == {"mean": close(6 / 3.25), "variance": close(1 / 3.25)}
    assert mean.upper - mean.mean == close(1.644853627 * math.sqrt(1 / 3.25))


async def test_a_mean_and_a_variance_that_nobody_knows(call: Call) -> None:
    update = {
        "family": "normal_inverse_gamma",
        "mean": 5,
        "strength": 2,
        "shape": 3,
        "scale": 4,
        "observations": [4, 6, 8, 10],
    }
    done = await call("bayesian_update", update=update)
    mean, variance = done.estimates
    # By hand: average 7, sum of squares 20; 2 * 4 * 2**2 / 6 between prior and average.
    assert done.posterior == {"mean": close(38 / 6), "strength": 6, "shape": 5, "scale": close(4 + (20 + 32 / 6) / 2)}
    scale = 4 + (20 + 32 / 6) / 2
    assert variance.mean == close(scale / 4)
    assert mean.upper - mean.mean == close(2.228138852 * math.sqrt(scale / 30))
    assert variance.lower == close(2 * scale / 20.48317735)  # chi-squared, 10 degrees, 0.975
    assert variance.upper == close(2 * scale / 3.246972780)


async def test_shares_of_several_categories(call: Call) -> None:
    update: dict[str, Any] = {"family": "dirichlet", "prior": {"a": 1, "b": 1, "c": 1}, "counts": {"a": 7, "b": 2}}
    done = await call("bayesian_update", update=update)
    assert done.posterior == {"a": 8, "b": 3, "c": 1}
    first = done.estimates[0]
    assert (first.name, first.mean, first.mode) == ("a", close(8 / 12), None)
    assert first.lower == close(0.3902574, rel=1e-6), "of the marginal, Beta(8, 4)"
    assert sum(one.mean for one in done.estimates) == close(1)


@pytest.mark.parametrize(
    ("update", "place"),
    [
        ({"family": "beta", "successes": -1, "failures": 1}, "update.beta.successes"),
        ({"family": "beta", "successes": 1, "failures": 1, "alpha": 0}, "update.beta.alpha"),
        ({"family": "cauchy"}, "update"),
        ({"family": "beta", "successes": 1, "failures": 1, "gamma": 2}, "update.beta.gamma"),
        ({"family": "dirichlet", "prior": {"a": 1, "b": 1}, "counts": {"z": 1}}, "update.dirichlet"),
        (
            {"family": "normal", "mean": 0, "variance": 1, "known_variance": 1, "observations": [float("nan")]},
            "update.normal.observations.0",
        ),
    ],
)
async def test_what_is_no_update_is_refused(call: Call, update: dict[str, Any], place: str) -> None:
    with pytest.raises(WrongInputs) as refused:
        await call("bayesian_update", update=update)
    assert [".".join(where) for where, _ in refused.value.problems] == [f"arguments.{place}"]
