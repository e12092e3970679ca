"""Small rules about values: pauses, pages, keys, text and documents."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.pages import DEFAULT_PAGE, MAX_PAGE, page_size
from domain.project import check_key, derive_key
from domain.task import RetryPolicy
from domain.text import check_document, check_text, is_storable, storable

HOUR = timedelta(hours=1)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(st.integers(1, 10_000), st.timedeltas(timedelta(), HOUR))
def test_pauses_double_up_to_an_hour(attempt: int, backoff: timedelta) -> None:
    policy = RetryPolicy(max_attempts=20, backoff=backoff)
    pause = policy.pause_after(attempt)
    assert timedelta() <= pause <= HOUR
    assert policy.pause_after(attempt + 1) == min(pause * 2, HOUR)


def test_the_first_pause_is_the_backoff() -> None:
    assert RetryPolicy(backoff=timedelta(seconds=5)).pause_after(1) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (DEFAULT_PAGE, False)),
        (0, None, (0, False)),
        (MAX_PAGE, None, (MAX_PAGE, False)),
        (None, 0, (0, True)),
        (None, 7, (7, True)),
    ],
)
def test_the_size_of_a_page(first: int | None, last: int | None, expected: tuple[int, bool]) -> None:
    assert page_size(first, last) == expected


@pytest.mark.parametrize(
    ("first", "last", "named"), [(-1, None, "first"), (101, None, "first"), (None, -1, "last"), (None, 101, "last")]
)
def test_a_page_out_of_bounds_is_refused(first: int | None, last: int | None, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        page_size(first, last)
    assert refused.value.path == (named,)
    assert str(MAX_PAGE) in refused.value.message


def test_a_page_from_both_ends_is_refused() -> None:
    with pytest.raises(Invalid, match="first or last"):
        page_size(1, 1)


@given(st.text())
def test_every_name_gives_a_key_that_is_allowed(name: str) -> None:
    assert check_key(derive_key(name)) == derive_key(name)


@pytest.mark.parametrize(("name", "key"), [("Water Rower", "WR"), ("wrench", "WREN"), ("7 Seas", "SPR"), ("", "PR")])
def test_keys_made_of_names(name: str, key: str) -> None:
    assert derive_key(name) == key


@pytest.mark.parametrize("key", ["", "A", "wr", "1A", "A-B", "ABCDEFGHIJK", "WR\n"])
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="cannot be a project key"):
        check_key(key)


@given(st.text(st.characters()))
def test_text_is_storable_exactly_when_postgresql_can_encode_it(text: str) -> None:
    try:
        encodes = "\0" not in text and text.encode() is not None
    except UnicodeEncodeError:
        encodes = False
    assert is_storable(text) == encodes


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff tail"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cannot be stored") as refused:
        check_text(text, "title", most=100)
    assert refused.value.path == ("input", "title")


def test_text_is_trimmed_and_measured_after_that() -> None:
    assert check_text("  word \n", "title", most=4) == "word"
    with pytest.raises(Invalid, match="at most 4 characters; this has 5"):
        check_text("words", "title", most=4)
    with pytest.raises(Invalid, match="must not be empty"):
        check_text(" \t ", "title", most=4, required=True)


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels):
        document = {"in": document}
    return document


def test_a_document_may_be_nested_to_a_limit() -> None:
    check_document(nested(32), "inputs")
    with pytest.raises(Invalid, match="deeper than 32 levels"):
        check_document(nested(33), "inputs")
    with pytest.raises(Invalid, match="deeper than 32 levels"):
        check_document(nested(100_000), "inputs")


def test_a_document_may_be_large_to_a_limit() -> None:
    check_document({"text": "x" * 99_000}, "inputs")
    for large in ({"text": "x" * 100_001}, {"list": list(range(100_001))}, {"x" * 100_001: None}):
        with pytest.raises(Invalid, match="too large"):
            check_document(large, "inputs")


@pytest.mark.parametrize(
    "document", [{"a": "\0"}, {"\0": 1}, {"a": ["\ud800"]}, {"a": {"b": "\udc00"}}, {"a": math.nan}, {"a": [math.inf]}]
)
def test_a_document_that_cannot_be_stored_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="cannot be stored") as refused:
        check_document(document, "metadata")
    assert refused.value.path == ("input", "metadata")


@given(anything)
def test_whatever_an_agent_returns_is_made_storable(value: Any) -> None:
    check_document({"value": storable(value)}, "output")


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=5))
def test_what_is_storable_stays_as_it_is(value: dict[str, Any]) -> None:
    if all(is_storable(str(one)) for pair in value.items() for one in pair):
        assert storable(value) == value
    assert storable(storable(value)) == storable(value)
