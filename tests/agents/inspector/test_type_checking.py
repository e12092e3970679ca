"""Types: on request, under our configuration, without running anything of the source, and bounded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agents.inspector import type_checking
from agents.inspector.inputs import InspectorInputs
from agents.inspector.type_checking import CODES, packages_of
from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]
ENGINE = {"engines": ("types",)}

PLANTED = {
    "call-arg": "def f(a: int) -> int:\n    return a\n\n\nf(1, 2)\n",
    "attr-defined": "def f(a: str) -> str:\n    return a.uper()\n",
    "arg-type": "def f(a: int) -> int:\n    return a\n\n\nf('x')\n",
    "return-value": "def f(a: int) -> str:\n    return a\n",
    "return": "def f(a: int) -> str:\n    if a:\n        return 'x'\n",
    "operator": "def f(a: int, b: str) -> int:\n    return a + b\n",
    "union-attr": "def f(a: str | None) -> str:\n    return a.upper()\n",
    "index": "def f(a: int) -> int:\n    return a[0]\n",
}
CLEAN = {
    "call-arg": "def f(a: int) -> int:\n    return a\n\n\nf(1)\n",
    "attr-defined": "def f(a: str) -> str:\n    return a.upper()\n",
    "unknown": "import somewhere\n\n\ndef f(a: somewhere.Thing) -> int:\n    return a.what().ever + 1\n",
    "optional": "try:\n    import json\nexcept ImportError:\n    json = None\n",
    "untyped": "def f(a):\n    return 'x' + 1\n",
}


async def test_planted_defects_and_their_clean_twins(audit: Audit, files: Write) -> None:
    named = {code: f"planted/{code.replace('-', '_')}.py" for code in PLANTED}
    clean = {f"clean/{name.replace('-', '_')}.py": text for name, text in CLEAN.items()}
    root = files({
        "planted/__init__.py": "", "clean/__init__.py": "", **clean,
        **{path: PLANTED[code] for code, path in named.items()},
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert {(one.rule, one.location.path) for one in run.findings} == set(named.items())
    assert all(one.severity is CODES[one.rule] for one in run.findings)
    assert "types" not in InspectorInputs().engines


async def test_packages_of_one_source_know_each_other(audit: Audit, files: Write) -> None:
    root = files({
        "one/src/shop/__init__.py": "def price(book: str) -> int:\n    return len(book)\n",
        "two/till/__init__.py": "",
        "two/till/main.py": "from shop import price\nfrom till.other import Sale\n\nprice(3)\nSale('x').nothing()\n",
        "two/till/other.py": "class Sale:\n    def __init__(self, book: str) -> None: ...\n",
        "two/tests/__init__.py": "from shop import price\nprice(4)\n",
        "script.py": "from shop import price\nprice(5)\n",
        "not-a-name/__init__.py": "''.nothing()\n",
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert [(one.rule, one.location.path, one.location.start_line) for one in run.findings] == [
        ("attr-defined", "two/till/main.py", 5),
        ("arg-type", "two/till/main.py", 4),
    ]


async def test_the_repository_cannot_bring_a_plugin(audit: Audit, files: Write, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    trap = f"open({str(witness)!r}, 'w').close()\ndef plugin(version):\n    return None\n"
    configuration = "[mypy]\nplugins = trap.py\nignore_errors = True\nexclude = .*\n"
    root = files({
        "mypy.ini": configuration, ".mypy.ini": configuration, "setup.cfg": configuration,
        "pyproject.toml": "[tool.mypy]\nplugins = ['trap.py']\nignore_errors = true\n",
        "trap.py": trap, "sitecustomize.py": trap, "mypy/__init__.py": trap,
        "shop/__init__.py": "# mypy: plugins=trap.py\n" + PLANTED["call-arg"],
        "shop/mypy.ini": configuration,
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert ("call-arg", "shop/__init__.py") in {(one.rule, one.location.path) for one in run.findings}
    assert not witness.exists()


async def test_time_that_is_over_is_told_and_fixes_nothing(
    audit: Audit, files: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = files({"one/__init__.py": PLANTED["call-arg"], "two/__init__.py": PLANTED["arg-type"]})
    first = await audit(root, **ENGINE)
    monkeypatch.setattr(type_checking, "WHOLE_TIME", timedelta(seconds=0.2))
    second = await audit(root, first.findings, **ENGINE)
    assert {one.path for one in second.report.not_analysed} == {"one", "two"}
    assert all("were not checked" in one.reason for one in second.report.not_analysed)
    assert second.in_state(FindingState.FIXED) == []


async def test_a_package_that_needs_too_much_memory_is_told(
    audit: Audit, files: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type_checking, "MAX_MEMORY", 100 * 2**20)
    run = await audit(files({"one/__init__.py": PLANTED["call-arg"]}), **ENGINE)
    assert [one.path for one in run.report.not_analysed] == ["one"]


def test_packages_are_found_by_their_outermost_folder() -> None:
    paths = ["a/__init__.py", "a/b/__init__.py", "a/b/c.py", "src/d/__init__.py", "e/f.py", "g.py", "x-y/__init__.py"]
    assert packages_of(paths) == {
        "a": ["a/__init__.py", "a/b/__init__.py", "a/b/c.py"],
        "src/d": ["src/d/__init__.py"],
    }
