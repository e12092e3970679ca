"""Expressions are evaluated within bounds, and know nothing of the world outside."""

from __future__ import annotations

from typing import Any

import pytest

from domain.playbooks.expressions import ExpressionError, IllTyped, parse
from domain.playbooks.templates import filled, render


def value(source: str, **variables: Any) -> Any:
    return parse(source).evaluate(variables)


def template(text: str) -> Any:
    return filled(text, lambda source, _: parse(source.strip()))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("inputs.n > 1 && inputs.l.exists(x, x == 'b')", True),
        ("inputs.l.map(x, x + '!')", ["a!", "b!"]),
        ("inputs.l.filter(item, item != 'a').size()", 1),
        ("has(inputs.gone) ? inputs.gone : 'nothing'", "nothing"),
        ("{'a': [1, 2.5, null]}", {"a": [1, 2.5, None]}),
        ("'a.b'.matches('a[.]b')", True),
        ("duration('90s')", 90.0),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05+00:00"),
    ],
)
def test_values_are_those_of_cel(source: str, expected: object) -> None:
    assert value(source, inputs={"n": 2, "l": ["a", "b"]}) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("inputs.gone", "there is no 'gone'"),
        ("inputs.l[7]", "index out of bounds"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "overflow"),
        ("int('x')", "'int' error"),
        ("b'x'", "nothing that could be kept"),
    ],
)
def test_an_expression_without_a_value_says_why(source: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        value(source, inputs={"l": [1]})


def test_types_are_not_mixed() -> None:
    with pytest.raises(IllTyped):
        value("inputs.n + 'a'", inputs={"n": 1})


@pytest.mark.parametrize("source", ["__import__('os')", "open('x')", "eval('1')", "inputs.l.append(1)", "lambda"])
def test_there_is_no_way_out(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source, inputs={"l": []})


def test_what_could_take_long_is_refused_before_it_begins() -> None:
    wide = {"l": list(range(1_000))}
    assert value("inputs.l.filter(x, x > 997)", inputs=wide) == [998, 999]
    with pytest.raises(ExpressionError, match="make it simpler"):
        value("inputs.l.map(x, inputs.l).size()", inputs=wide)
    with pytest.raises(ExpressionError, match="make it simpler"):
        value("inputs.l.map(x, inputs.l).map(y, y.size())", inputs=wide)
    with pytest.raises(ExpressionError, match="make it simpler"):
        value("[1,2,3].map(a, [1,2,3].map(b, inputs.l.map(c, inputs.l.map(d, d))))", inputs=wide)


MANY = "[1,1,1,1,1,1,1,1,1,1]"


@pytest.mark.parametrize(
    "source",
    [
        f"{MANY}.all(//\n a, " * 9 + "true" + ")" * 9,
        f"{MANY}.all((a), " * 9 + "true" + ")" * 9,
        f"{MANY} . // it's\n all // \"\n ( a, " * 9 + "true" + ")" * 9,
        r"[r'\'].all(a, " + f"{MANY}.all(a, " * 9 + "true" + ")" * 10 + r" || r'\' == ''",
        "[[1]]" + f".map(x, {'+'.join('x' * 60)})" * 7,
        "['a']" + f".map(x, {'+'.join('x' * 60)})" * 7,
        f"({'+'.join(['inputs.l'] * 90)}).map(x, x)",
        f"size({'+'.join(['inputs.s'] * 80)})",
        f"{MANY}.all(a, {MANY}.all(b, 'x'.matches('({chr(92) * 2}w{{90}}){{9}}')))",
        f"{MANY}.all(a, {MANY}.all(b, 'x'.matches('{chr(92) * 2}w' + '{{900}}')))",
    ],
    ids=["comment", "brackets", "apart", "raw text", "lists", "texts", "sum", "long sum", "pattern", "unknown pattern"],
)
def test_no_way_of_writing_hides_what_takes_long(source: str) -> None:
    expression = parse(source)
    with pytest.raises(ExpressionError, match="make it simpler"):
        expression.evaluate({"inputs": {"l": list(range(300)), "s": "x" * 1_000_000}})


@pytest.mark.parametrize(
    ("source", "many"),
    [
        ("inputs.l.map(f, f.path + ':' + f.line)", 1_000),
        ("inputs.l.map(f, f.path + ':' + f.line + ' ' + f.rule)", 1_000),
        ("inputs.l.map(f, [f.path, f.line])", 1_000),
        ("inputs.l.filter(f, f.severity == 'HIGH').map(f, f.path)", 300),
        ("inputs.l.filter(f, f.path.matches('(?i)(sql|query|store|model|persist|reader)'))", 300),
    ],
)
def test_what_goes_over_many_findings_is_not_refused(source: str, many: int) -> None:
    finding = {"path": "persistence/stores/of_something.py", "rule": "C901", "severity": "HIGH", "message": "x" * 60}
    findings = [{**finding, "line": str(line)} for line in range(many)]
    assert len(value(source, inputs={"l": findings})) == many


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("inputs.a // don't\n + secret.b", [("inputs", "a"), ("secret", "b")]),
        ("inputs.a + r'\\' + secret.b + ''", [("inputs", "a"), ("secret", "b")]),
        ("br'\\' == b'' || secret", [("secret",)]),
        ("'''it's''' + secret", [("secret",)]),
        ("1e+3 > 0x1F ? .5 : secret .\n b", [("secret", "b")]),
        ("inputs.map(inputs, inputs.a + x)", [("inputs",), ("x",)]),
        ("x.y.all(x, x.z) && x.z", [("x", "y"), ("x", "z")]),
        ("steps['a'].b + (steps).c", [("steps",), ("steps",)]),
        ("steps.d.e[0].f + steps.g.size()", [("steps", "d", "e"), ("steps", "g")]),
        ("{k: [v, true]}.z", [("k",), ("v",)]),
        ("-a * !b.c in [d]", [("a",), ("b", "c"), ("d",)]),
    ],
)
def test_names_are_found_wherever_they_stand(source: str, names: list[tuple[str, ...]]) -> None:
    assert [reference.path for reference in parse(source).references] == names


def test_what_an_expression_answers_is_limited() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        value("inputs.s + inputs.s", inputs={"s": "x" * 60_000})


@pytest.mark.parametrize("bracket", ["(", "[", "!", "-", "a.map(x, "])
def test_nested_expressions_do_not_bring_the_process_down(bracket: str) -> None:
    with pytest.raises(ExpressionError):
        parse(bracket * (999 // len(bracket)) + "é")


def test_only_what_is_used_is_handed_over() -> None:
    """A value of a kind that CEL cannot take harms nobody who does not name it."""
    steps = {"a": {"status": "FAILED", "outputs": {"x": 1, "y": object()}}, "b": object()}
    assert value("inputs.n", inputs={"n": 1, "m": object()}, report=object()) == 1
    assert value("steps.a.status + string(steps.a.outputs.x)", steps=steps) == "FAILED1"
    assert value("has(steps.a.outputs.z) || has(steps.a.z)", steps=steps) is False
    for whole in (
        "steps.a.outputs",
        "steps['a'].status",
        "steps.a.outputs.x + steps.a.outputs.size()",
        "steps.a.outputs.y",
    ):
        with pytest.raises(ExpressionError):
            value(whole, steps=steps)


def test_what_is_missing_is_missing_whatever_is_handed_over() -> None:
    steps = {"a": {"status": "FAILED", "items": [{"x": 1}], "n": 3}}
    assert value("size(steps) + steps.size() + steps.a.size()", steps=steps) == 5
    assert value("steps['a'].items[0].x + steps.a.n", steps=steps) == 4
    for source in ("steps.a.gone", "steps['a'].gone", "dyn(steps.a).gone", "steps.gone.status"):
        with pytest.raises(ExpressionError, match="there is no 'gone'"):
            value(source, steps=steps)
    with pytest.raises(ExpressionError):
        value("steps.a.n.deeper", steps=steps)


def test_a_text_that_is_an_expression_keeps_the_type() -> None:
    assert render(template("${{ inputs.l }}"), {"inputs": {"l": [1, 2]}}) == [1, 2]
    assert render(template("a ${{ inputs.l }} b ${{ 'x' }}"), {"inputs": {"l": [1, 2]}}) == "a [1, 2] b x"
    assert render({"k": [template("${{ inputs.l[0] }}"), 3]}, {"inputs": {"l": [1, 2]}}) == {"k": [1, 3]}


def test_braces_and_quotes_within_an_expression_do_not_end_it() -> None:
    assert render(template("${{ {'a': {'b': 1}}['a']['b'] }}"), {}) == 1
    assert render(template("<${{ '}}' }}>"), {}) == "<}}>"
    assert template("no $ {{ here }}") == "no $ {{ here }}"
    assert render(template(r"<${{ r'\' }}>"), {}) == "<\\>"
    assert render(template("<${{ 1 // don't }}>"), {}) == "<1>"
