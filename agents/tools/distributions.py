"""Quantiles of the distributions that conjugate updates end in.

The incomplete beta function is the continued fraction DLMF 8.17.22 (https://dlmf.nist.gov/8.17#v), the incomplete
gamma function the series 8.11.4 and the continued fraction 8.9.2 (https://dlmf.nist.gov/8.9), both evaluated by Lentz's
method as in Press et al., Numerical Recipes, 3rd edition, 6.2 and 6.4. Quantiles are found by bisection: slower than
others, and it cannot miss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

TINY = 1e-300
CLOSE = 1e-15
MOST_TERMS = 200_000
MOST_HALVINGS = 1_100


def beta_quantile(share: float, a: float, b: float) -> float:
    """The value below which Beta(a, b) has this share."""
    return _bisected(lambda x: beta_below(x, a, b), share, 0.0, 1.0)


def gamma_quantile(share: float, shape: float) -> float:
    """The value below which Gamma(shape, rate 1) has this share."""
    high = max(1.0, shape)
    while gamma_below(high, shape) < share:
        high *= 2
    return _bisected(lambda x: gamma_below(x, shape), share, 0.0, high)


def inverse_gamma_quantile(share: float, shape: float, scale: float) -> float:
    """The value below which InverseGamma(shape, scale) has this share."""
    return scale / gamma_quantile(1 - share, shape)


def student_quantile(share: float, degrees: float) -> float:
    """The value below which Student's t with so many degrees of freedom has this share."""
    if share == 0.5:
        return 0.0
    tail = min(share, 1 - share)
    x = beta_quantile(2 * tail, degrees / 2, 0.5)
    far = math.sqrt(degrees * (1 - x) / x)
    return far if share > 0.5 else -far


def beta_below(x: float, a: float, b: float) -> float:
    """The share of Beta(a, b) below x: the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _lentz(_beta_terms(x, a, b)) / a
    return 1 - front * _lentz(_beta_terms(1 - x, b, a)) / b


def gamma_below(x: float, shape: float) -> float:
    """The share of Gamma(shape, rate 1) below x: the regularised incomplete gamma function P."""
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x >= shape + 1:
        return 1 - front * _upper_gamma(x, shape)
    term = total = 1 / shape
    for number in range(1, MOST_TERMS):
        term *= x / (shape + number)
        total += term
        if term < total * CLOSE:
            break
    return front * total


def _beta_terms(x: float, a: float, b: float) -> Iterator[float]:
    for m in range(MOST_TERMS):
        if m:
            yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))


def _lentz(terms: Iterator[float]) -> float:
    """The continued fraction 1 / (1 + t1 / (1 + t2 / (1 + …)))."""
    below = c = 1.0
    d = 0.0
    for term in terms:
        d = 1 / _away_from_zero(1 + term * d)
        c = _away_from_zero(1 + term / c)
        below *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return 1 / below


def _upper_gamma(x: float, shape: float) -> float:
    b = x + 1 - shape
    c = 1 / TINY
    d = value = 1 / _away_from_zero(b)
    for number in range(1, MOST_TERMS):
        term = -number * (number - shape)
        b += 2
        d = 1 / _away_from_zero(term * d + b)
        c = _away_from_zero(b + term / c)
        value *= d * c
        if abs(d * c - 1) < CLOSE:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def _bisected(below: Callable[[float], float], share: float, low: float, high: float) -> float:
    for _ in range(MOST_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if below(middle) < share:
            low = middle
        else:
            high = middle
        if high - low <= CLOSE * high:
            break
    return (low + high) / 2
