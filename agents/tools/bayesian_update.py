"""Update what is believed of a quantity by what was observed, with conjugate priors."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.contract import Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.distributions import beta_quantile, inverse_gamma_quantile, student_quantile

MOST_CATEGORIES = 50
MOST_OBSERVATIONS = 10_000

Positive = Annotated[float, Field(gt=0, le=1e7)]
Count = Annotated[float, Field(ge=0, le=1e7)]
Value = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BetaUpdate(_Strict):
    """A share, such as how many tests fail: Beta prior, successes and failures."""

    family: Literal["beta"]
    alpha: Positive = Field(1.0, description="Of the prior; 1 and 1 are the uniform one.")
    beta: Positive = Field(1.0, description="Of the prior.")
    successes: Count = Field(description="How often it was so.")
    failures: Count = Field(description="How often it was not.")


class NormalUpdate(_Strict):
    """A mean where the variance of one observation is known: Normal prior."""

    family: Literal["normal"]
    mean: Value = Field(description="Mean of the prior.")
    variance: Positive = Field(description="Variance of the prior.")
    known_variance: Positive = Field(description="Variance of one observation.")
    observations: list[Value] = Field(max_length=MOST_OBSERVATIONS, description="What was observed.")


class NormalInverseGammaUpdate(_Strict):
    """A mean and a variance, neither of them known: Normal-inverse-gamma prior."""

    family: Literal["normal_inverse_gamma"]
    mean: Value = Field(description="Mean of the prior.")
    strength: Positive = Field(1.0, description="How many observations the prior mean is worth.")
    shape: Positive = Field(1.0, description="Shape of the inverse gamma prior of the variance.")
    scale: Positive = Field(1.0, description="Scale of it.")
    observations: list[Value] = Field(max_length=MOST_OBSERVATIONS, description="What was observed.")


class DirichletUpdate(_Strict):
    """The shares of several categories: Dirichlet prior, counts."""

    family: Literal["dirichlet"]
    prior: dict[str, Positive] = Field(
        min_length=2, max_length=MOST_CATEGORIES, description="Concentration of each category; 1 each is uniform."
    )
    counts: dict[str, Count] = Field(description="How often each was observed; 0 for one that is left out.")

    @model_validator(mode="after")
    def _known(self) -> DirichletUpdate:
        strange = sorted(self.counts.keys() - self.prior.keys())
        if strange:
            raise ValueError(f"{strange[0]!r} has a count and is no category of the prior")
        return self


Update = Annotated[
    BetaUpdate | NormalUpdate | NormalInverseGammaUpdate | DirichletUpdate, Field(discriminator="family")
]


class BayesianArguments(BaseModel):
    """What is believed, and what was observed."""

    update: Update = Field(description="Prior and observations; `family` says which.")
    credibility: float = Field(0.95, ge=0.01, le=0.9999, description="Probability of the credible intervals.")


class Estimate(BaseModel):
    """What is believed of one quantity."""

    name: str
    mean: float | None = Field(description="Null where it has none.")
    mode: float | None = Field(description="The most probable value; null where there is none inside.")
    deviation: float | None = Field(description="Standard deviation; null where it has none.")
    lower: float = Field(description="Lower end of the equal-tailed credible interval.")
    upper: float = Field(description="Upper end of it.")


class BayesianResult(BaseModel):
    """The posterior."""

    family: str
    posterior: dict[str, float] = Field(description="Its parameters, by the names of the prior.")
    estimates: list[Estimate] = Field(description="What is believed of each quantity.")
    credibility: float
    observations: float = Field(description="How many went in.")


class BayesianUpdate(Tool[BayesianArguments, BayesianResult]):
    """Computes only."""

    name = "bayesian_update"
    version = "1.0"
    purpose = "Updates a Beta, Normal, Normal-inverse-gamma or Dirichlet prior, and answers credible intervals."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=2), max_output=2**20)
    example = BayesianArguments(update=BetaUpdate(family="beta", successes=7, failures=3))
    arguments_model = BayesianArguments
    result_model = BayesianResult

    async def run(self, scope: ToolScope, arguments: BayesianArguments) -> BayesianResult:
        """Compute it, in a thread.

        Raises:
            ToolFailure: the numbers are so far apart that the posterior cannot be computed.
        """
        try:
            return await asyncio.to_thread(updated, arguments)
        except (OverflowError, ZeroDivisionError) as error:
            raise ToolFailure("These numbers are too far apart: scale the observations and the prior.") from error


def updated(arguments: BayesianArguments) -> BayesianResult:
    """The posterior; takes seconds for 50 categories of millions each."""
    update, tail = arguments.update, (1 - arguments.credibility) / 2
    match update:
        case BetaUpdate():
            a, b = update.alpha + update.successes, update.beta + update.failures
            posterior = {"alpha": a, "beta": b}
            estimates = [_share("share", a, b, tail)]
            seen = update.successes + update.failures
        case NormalUpdate():
            posterior, estimates = _normal(update, tail)
            seen = len(update.observations)
        case NormalInverseGammaUpdate():
            posterior, estimates = _normal_inverse_gamma(update, tail)
            seen = len(update.observations)
        case DirichletUpdate():
            posterior = {name: prior + update.counts.get(name, 0) for name, prior in update.prior.items()}
            whole = math.fsum(posterior.values())
            estimates = [_share(name, value, whole - value, tail) for name, value in posterior.items()]
            seen = math.fsum(update.counts.values())
            if len(posterior) > 2:
                estimates = [_with_joint_mode(one, posterior, whole) for one in estimates]
    return BayesianResult(
        family=update.family,
        posterior=posterior,
        estimates=estimates,
        credibility=arguments.credibility,
        observations=seen,
    )


def _share(name: str, a: float, b: float, tail: float) -> Estimate:
    whole = a + b
    return Estimate(
        name=name,
        mean=a / whole,
        mode=(a - 1) / (whole - 2) if a > 1 and b > 1 else None,
        deviation=math.sqrt(a * b / (whole**2 * (whole + 1))),
        lower=beta_quantile(tail, a, b),
        upper=beta_quantile(1 - tail, a, b),
    )


def _with_joint_mode(estimate: Estimate, posterior: dict[str, float], whole: float) -> Estimate:
    inside = all(value > 1 for value in posterior.values())
    mode = (posterior[estimate.name] - 1) / (whole - len(posterior)) if inside else None
    return estimate.model_copy(update={"mode": mode})


def _normal(update: NormalUpdate, tail: float) -> tuple[dict[str, float], list[Estimate]]:
    precision = 1 / update.variance + len(update.observations) / update.known_variance
    weighted = update.mean / update.variance + math.fsum(update.observations) / update.known_variance
    mean, deviation = weighted / precision, math.sqrt(1 / precision)
    half = NormalDist().inv_cdf(1 - tail) * deviation
    estimate = Estimate(name="mean", mean=mean, mode=mean, deviation=deviation, lower=mean - half, upper=mean + half)
    return {"mean": mean, "variance": 1 / precision}, [estimate]


def _normal_inverse_gamma(update: NormalInverseGammaUpdate, tail: float) -> tuple[dict[str, float], list[Estimate]]:
    """Gelman et al., Bayesian Data Analysis, 3rd edition, 3.3, with shape = ν/2 and scale = ν σ²/2."""
    seen, count = update.observations, len(update.observations)
    average = math.fsum(seen) / count if count else update.mean
    spread = math.fsum((value - average) ** 2 for value in seen)
    strength = update.strength + count
    mean = (update.strength * update.mean + count * average) / strength
    shape = update.shape + count / 2
    apart = update.strength * count * (average - update.mean) ** 2 / strength
    scale = update.scale + (spread + apart) / 2
    width = math.sqrt(scale / (shape * strength))
    half = student_quantile(1 - tail, 2 * shape) * width
    estimates = [
        Estimate(
            name="mean",
            mean=mean if shape > 0.5 else None,
            mode=mean,
            deviation=math.sqrt(scale / ((shape - 1) * strength)) if shape > 1 else None,
            lower=mean - half,
            upper=mean + half,
        ),
        Estimate(
            name="variance",
            mean=scale / (shape - 1) if shape > 1 else None,
            mode=scale / (shape + 1),
            deviation=scale / ((shape - 1) * math.sqrt(shape - 2)) if shape > 2 else None,
            lower=inverse_gamma_quantile(tail, shape, scale),
            upper=inverse_gamma_quantile(1 - tail, shape, scale),
        ),
    ]
    return {"mean": mean, "strength": strength, "shape": shape, "scale": scale}, estimates
