"""What is shown of a value that is too long to be shown whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shortened import shortened
from domain.text import check_document

MOST = 3_000
names = st.text(max_size=3) | st.just("n" * 300)
documents = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("x" * 4_000),
        lambda inner: st.lists(inner, max_size=30) | st.dictionaries(names, inner, max_size=30),
        max_leaves=30,
    ),
    max_size=8,
)


def test_what_fits_is_shown_as_it_is() -> None:
    value = {"sql": "SELECT 1", "parameters": [1, None, {"a": "b"}]}
    shown = shortened(value, most=MOST)
    assert (shown.value, shown.left_out) == (value, {})


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    sql = "SELECT 1 /*" + "x" * 90_000 + "*/; DROP"
    shown = shortened({"connection": "shop", "sql": sql, "list": ["a", {"text": sql}]}, most=30_000)
    assert shown.value["connection"] == "shop"
    assert shown.value["list"][0] == "a"
    for text in (shown.value["sql"], shown.value["list"][1]["text"]):
        assert text.startswith(sql[:3_000])
        assert text.endswith(sql[-1_000:])
        assert "(86,019 characters are left out here)" in text
    said = "86,019 of 90,019 characters, behind the first 3,000"
    assert shown.left_out == {"sql": said, "list.1.text": said}


def test_many_entries_long_names_and_deep_nesting_are_cut() -> None:
    many = shortened({"list": list(range(5_000)), "object": {str(one): one for one in range(5_000)}}, most=MOST)
    assert many.value["list"] == list(range(len(many.value["list"])))
    assert many.left_out["object"].endswith("of 5,000 entries, at the end")
    names = shortened({"n" * 5_000 + str(one): one for one in range(2)}, most=MOST)
    assert len(names.value) == 2
    assert all("5,001 characters" in said for said in names.left_out.values())
    deep: Any = "bottom"
    for _ in range(900):
        deep = {"a": deep}
    assert shortened(deep, most=MOST).left_out == {".".join("a" * 31): "what is nested deeper"}


@pytest.mark.parametrize("part", ["x" * 1_000, ["y" * 30] * 50, {"z" * 500: "z"}])
def test_what_has_too_much_of_everything_has_a_bound_too(part: object) -> None:
    value: Any = {"a": [part] * 20_000}
    for _ in range(4):
        value = {str(one): value for one in range(12)}
    shown = shortened(value, most=MOST)
    check_document({"shown": shown.value}, "shown", most=MOST + 10)
    assert shown.left_out


@settings(max_examples=40, deadline=None)
@given(documents)
def test_what_is_shown_fits_and_nothing_is_left_out_in_silence(value: dict[str, Any]) -> None:
    shown = shortened(value, most=MOST)
    size = 0
    pending: list[tuple[Any, int]] = [(shown.value, 0)]
    while pending:
        node, depth = pending.pop()
        assert depth <= 31
        size += 1 + (len(node) if isinstance(node, str) else 0)
        if isinstance(node, dict | list):
            parts = [one for pair in node.items() for one in pair] if isinstance(node, dict) else node
            pending.extend((one, depth + 1) for one in parts)
    assert size <= MOST
    assert (json.dumps(shown.value) == json.dumps(value)) != bool(shown.left_out)
    assert sum(map(len, (*shown.left_out, *shown.left_out.values()))) < 10_000
