"""YAML: planted defects are found, their clean twins are not, and no input stops an audit or fills the memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agents.inspector.programs.yaml_check import MAX_DEPTH, Refused, check
from agents.testing import AgentRun
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]
ENGINE = {"engines": ("yaml",)}

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def rules(text: str) -> list[tuple[str, int]]:
    return [(str(one["rule"]), int(str(one["line"]))) for one in check(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", 3)]),
        ("x:\n  - {a: 1, a: 2}\n", [("duplicate-key", 2)]),
        ("a: [1, 2\nb: 3\n", [("syntax-error", 2)]),
        ("a: *nobody\n", [("undefined-alias", 1)]),
        ("a: &x 1\n---\nb: *x\n", [("undefined-alias", 3)]),
        ("a: !!python/object/apply:os.system [ls]\n", [("object-tag", 1)]),
        ("a: !ruby/object:Gem::Installer {}\n", [("object-tag", 1)]),
        (BOMB, [("alias-bomb", 7)]),
        ("a:\n\t- b\n", [("syntax-error", 2)]),
        # The clean twins.
        ("a: 1\nb: 2\nc: 3\n", []),
        ("x:\n  - {a: 1}\n  - {a: 2}\n", []),
        ("1: a\n'1': b\n", []),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n", []),
        ("a: &x 1\nb: [*x, *x]\n---\na: &x 2\nb: *x\n", []),
        ("a: &x [*x]\n", []),
        ("a: !Ref b\nc: !vault |\n  abc\nd: !!set {e}\n", []),
        ("? [a, b]\n: 1\n? {c: d}\n: 2\n", []),
        ("", []),
        ("# nothing but a comment\n", []),
    ],
)
def test_rules(text: str, expected: list[tuple[str, int]]) -> None:
    assert rules(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {{ .Values.a }}\nb: [\n", "a template"),
        ("{% if a %}\nb: 1\n{% endif %}\n", "a template"),
        ("[" * (MAX_DEPTH + 1), "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("{a: " * 100_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_judged_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        check(text)


plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(plain)
def test_what_a_dumper_writes_has_no_problems(value: Any) -> None:
    assert check(yaml.safe_dump(value, allow_unicode=True)) == []


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    try:
        found = {one["rule"] for one in check(text)}
    except Refused:
        return
    if not found & {"syntax-error", "undefined-alias"}:
        list(yaml.compose_all(text, Loader=yaml.CSafeLoader))


async def test_files_in_an_audit(audit: Audit, files: Write) -> None:
    root = files({
        "bomb.yaml": BOMB,
        "-rf.yml": "a: 1\na: 2\n",
        ".github/workflows/ci.yml": "on: push\njobs:\n  a: {}\n  a: {}\n",
        "tests/broken.yml": "a: [",
        "chart/templates/a.yaml": "{{ include 'x' . }}\n- a",
        "latin.yaml": "a: ü\n".encode("latin-1"),
        "bom.yaml": b"\xef\xbb\xbfa: 1\n",
        "no_end.yaml": "a: 1",
        "crlf.yaml": "a: 1\r\nb:\r\n  - 2\r\n",
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert {(one.rule, one.location.path, one.severity.value) for one in run.findings} == {
        ("alias-bomb", "bomb.yaml", "HIGH"),
        ("duplicate-key", "-rf.yml", "MEDIUM"),
        ("duplicate-key", ".github/workflows/ci.yml", "MEDIUM"),
        ("syntax-error", "tests/broken.yml", "LOW"),
    }
    said = {one.path: one.reason for one in run.report.not_analysed}
    assert said["chart/templates/a.yaml"] == "a template that becomes YAML only when it is filled in"
    assert said["latin.yaml"].startswith("not UTF-8")
    assert run.report.files_analysed == 8
