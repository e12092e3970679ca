"""Canonical JSON: the numbers and the order of RFC 8785, and one text for each value."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import canonical, digest

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.none() | st.booleans() | st.integers() | st.text()


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON values with these leaves."""
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.33333325, "333333333.33333325"),
        (1424953923781206.25, "1424953923781206.2"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (100.0, "100"),
        (2**64 + 1, "18446744073709551617"),
        (True, "true"),
        (None, "null"),
        ('€$\x0f\nA\'B"\\\\"/\x7f', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"'),
        ((1, "a"), '[1,"a"]'),
    ],
)
def test_values_as_the_rfc_writes_them(value: Any, text: str) -> None:
    assert canonical(value) == text.encode()


def test_keys_are_ordered_by_their_utf_16_code_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]
    ordered = list(json.loads(canonical(dict.fromkeys(keys, 0))))
    assert ordered == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


@given(values(NUMBERS | WORDS))
def test_what_is_read_from_it_has_the_same_bytes(value: Any) -> None:
    written = canonical(value)
    assert canonical(json.loads(written)) == written
    assert len(digest(value)) == 64


@given(values(WORDS))
def test_what_is_read_from_it_is_the_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        canonical({"a": [value]})


@pytest.mark.parametrize("value", [{1: 2}, {"a"}, b"bytes", object()])
def test_values_that_json_does_not_have(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
