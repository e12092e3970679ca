"""Arguments against the schema of a server: what does not fit is refused, and no schema keeps us busy."""

from __future__ import annotations

from typing import Any

import pytest

from agents.contract import ToolFailure
from agents.mcp.arguments import check_arguments
from domain.recovery import ErrorClass

BOMB = {f"l{level}": {"allOf": [{"$ref": f"#/$defs/l{level + 1}"}] * 2} for level in range(60)} | {"l60": {}}
CRUEL = {"type": "string", "pattern": "^(a+)+$"}
"""It takes Python for ever to find that a text like ``VICTIM`` does not fit."""
VICTIM = "a" * 60 + "!"


@pytest.mark.parametrize(
    ("schema", "arguments", "said"),
    [
        ({"type": "object", "required": ["a"]}, {}, "'a' is a required property"),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": "1"}, "a: '1' is not of type 'integer'"),
        ({"type": "object", "additionalProperties": False}, {"b": 1}, "'b' was unexpected"),
        ({"properties": {"a": {"$ref": "#/$defs/b~1c%20d"}}, "$defs": {"b/c d": {"enum": [1]}}}, {"a": 2}, "a: 2 is"),
        ({"properties": {"a": {"items": {"maximum": 3}}}}, {"a": [1, 5]}, "a.1: 5 is greater than"),
        ({"properties": {"pattern": {"type": "string"}, "not": {}}}, {"pattern": 5}, "pattern: 5 is not of type"),
        ({"properties": {"a": {**CRUEL, "maxLength": 9}}}, {"a": VICTIM}, "is too long"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "null"}}}
            | {"properties": {"a": {"$ref": "#/definitions/a"}}},
            {"a": 1},
            "a: 1 is not of type 'null'",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(schema: dict[str, Any], arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolFailure) as refused:
        check_arguments("t", schema, arguments)
    assert said in str(refused.value)
    assert refused.value.error_class is ErrorClass.BAD_INPUT


@pytest.mark.parametrize("schema", [{"type": 5}, {"required": 5}, {"properties": []}, {"minProperties": "x"}])
def test_a_schema_that_is_none_is_named_as_such(schema: dict[str, Any]) -> None:
    with pytest.raises(ToolFailure, match="The schema that the server gives for t is none"):
        check_arguments("t", schema, {"a": 1})


def test_arguments_that_fit_are_let_through() -> None:
    check_arguments("t", {"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1})


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"$ref": "#/$defs/l0", "$defs": BOMB, "required": ["b"]}, id="doubling references"),
        pytest.param({"$ref": "#", "required": ["b"]}, id="a reference to itself"),
        pytest.param({"$ref": "https://example.com/schema.json"}, id="a reference to somewhere else"),
        pytest.param({"$ref": "#/$defs/none", "required": ["b"]}, id="a reference to nothing"),
        pytest.param({"anyOf": [{"required": ["b"]}] * 10_000}, id="too many places"),
        pytest.param({"properties": {"a": CRUEL}}, id="a pattern"),
        pytest.param({"propertyNames": CRUEL}, id="a pattern for names"),
        pytest.param({"properties": {"a": {"not": CRUEL}}}, id="a pattern that must not fit"),
        pytest.param({"oneOf": [CRUEL, {"type": "object"}, {"properties": {"a": CRUEL}}]}, id="one of patterns"),
        pytest.param({"patternProperties": {"^(a+)+$": {"type": "null"}}, "required": ["b"]}, id="names by pattern"),
        pytest.param(
            {"properties": {"a": {"$schema": "https://json-schema.org/draft/2020-12/schema", **CRUEL}}},
            id="another dialect within",
        ),
        pytest.param({"$schema": "https://example.com/mine", "required": ["b"]}, id="a dialect of its own"),
        pytest.param({"$schema": 5, "required": ["b"]}, id="a dialect that is none"),
        pytest.param(
            {"allOf": [{"$id": "https://example.com/a", "$ref": "#/$defs/l0", "$defs": BOMB}], "$defs": {"l0": {}}},
            id="references that begin elsewhere",
        ),
        pytest.param({"unevaluatedProperties": False}, id="a keyword that looks at everything again"),
        pytest.param({"properties": {"c": {"uniqueItems": True}}}, id="each value against each"),
    ],
)
def test_what_could_keep_us_busy_is_left_to_the_server(schema: dict[str, Any]) -> None:
    check_arguments("t", schema, {"a": VICTIM, VICTIM: 1, "c": [{"n": number} for number in range(5_000)]})
    check_arguments("t", schema, {"a": VICTIM, VICTIM: 1})


def test_large_arguments_are_left_to_the_server_where_each_place_would_be_held_against_each() -> None:
    schema = {"properties": {"a": {"items": {"allOf": [{"type": "integer"}] * 100}}}}
    with pytest.raises(ToolFailure):
        check_arguments("t", schema, {"a": ["x"] * 100})
    check_arguments("t", schema, {"a": ["x"] * 1_000})
    check_arguments("t", {"anyOf": [{"type": "null"}] * 4_000}, {"a": "x" * 10_000})
