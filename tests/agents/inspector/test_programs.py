"""The stand-alone programs, and the small rules beside them, on code made for them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inspector.declarations import NoDeclarations, as_toml, write_declarations
from agents.inspector.dependencies import own_modules
from agents.inspector.guarded_imports import guarded_import_lines
from agents.inspector.programs.duplicates import code_lines, equal_runs
from agents.inspector.programs.import_cycles import components, import_graph, shortest_cycle
from agents.inspector.ruff_rules import IGNORE, severity_of
from agents.inspector.side_code import is_beside_the_product, is_test
from agents.inspector.source_text import split_lines
from domain.severity import Severity


def write(folder: Path, contents: dict[str, str]) -> list[str]:
    for path, text in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return list(contents)


def cycles(folder: Path, contents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    paths = write(folder, contents)
    monkeypatch.chdir(folder)
    graph = import_graph(paths)
    return sorted(shortest_cycle(graph, component) for component in components(graph))


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"a.py": "import b", "b.py": "import a"}, [["a.py", "b.py"]]),
        ({"a.py": "import b", "b.py": "import c", "c.py": "from a import x"}, [["a.py", "b.py", "c.py"]]),
        ({"a.py": "import b", "b.py": "def f():\n    import a"}, []),
        ({"a.py": "import b", "b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a"}, []),
        ({"a.py": "import b", "b.py": "class C:\n    import a"}, [["a.py", "b.py"]]),
        ({"a.py": "import b", "b.py": "try:\n    import a\nexcept ImportError:\n    a = None"}, [["a.py", "b.py"]]),
        ({"a.py": "import a"}, []),
        ({"p/__init__.py": "", "p/a.py": "from . import b", "p/b.py": "from .a import x"}, [["p/a.py", "p/b.py"]]),
        ({"p/__init__.py": "from .a import x", "p/a.py": "from p import y"}, [["p/__init__.py", "p/a.py"]]),
        ({"p/__init__.py": "from .a import x", "p/a.py": "from . import b", "p/b.py": ""}, []),
        ({"src/p/__init__.py": "", "src/p/a.py": "import p.b", "src/p/b.py": "import p.a"},
         [["src/p/a.py", "src/p/b.py"]]),
        ({"p/__init__.py": "", "p/a.py": "from ..q import x", "p/b.py": "from .a import y"}, []),
        ({"one/x.py": "import y", "one/y.py": "", "two/x.py": "", "two/y.py": "import x"}, []),
    ],
)  # fmt: skip
def test_import_cycles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: dict[str, str], expected: list[list[str]]
) -> None:
    assert cycles(tmp_path, contents, monkeypatch) == expected


def test_a_knot_is_reported_by_its_shortest_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = {f"m{number:03}.py": f"import m{(number + 1) % 300:03}" for number in range(300)}
    ring["m100.py"] += "\nimport m098"
    assert cycles(tmp_path, ring, monkeypatch) == [["m098.py", "m099.py", "m100.py"]]


@given(st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 9)), max_size=10))
def test_components_are_those_modules_that_reach_each_other(edges: dict[int, set[int]]) -> None:
    nodes = [str(node) for node in range(10)]
    graph = {node: {str(target): 1 for target in edges.get(int(node), set()) if str(target) != node} for node in nodes}
    reach = {node: set(graph[node]) for node in nodes}
    for middle in nodes:
        for node in nodes:
            if middle in reach[node]:
                reach[node] |= reach[middle]
    expected = {frozenset({node} | {other for other in reach[node] if node in reach[other]}) for node in nodes}
    assert {frozenset(one) for one in components(graph)} == {one for one in expected if len(one) > 1}


def runs(folder: Path, contents: dict[str, str], min_lines: int) -> list[tuple[str, int, str, int, int]]:
    identities: dict[tuple[str, ...], int] = {}
    code = {path: code_lines(str(folder / path), identities) for path in write(folder, contents)}
    found = equal_runs({path: lines for path, lines in code.items() if lines}, min_lines)
    return [
        (run.first_path, code[run.first_path][run.first].number, run.second_path,
         code[run.second_path][run.second].number, run.length)
        for run in found
    ]  # fmt: skip


BLOCK = "".join(f"call_{number}(x, {number})\n" for number in range(6))


def test_equal_runs_are_found_whatever_their_layout(tmp_path: Path) -> None:
    spaced = BLOCK.replace(", ", " ,  ").replace("call_3", "# a comment\n\ncall_3")
    found = runs(tmp_path, {"a.py": "a = 1\n" + BLOCK, "b.py": "b = 2\nc = 3\n" + spaced}, 4)
    assert found == [("a.py", 2, "b.py", 3, 6)]


def test_a_third_copy_is_compared_with_the_second(tmp_path: Path) -> None:
    found = runs(tmp_path, {"a.py": BLOCK, "b.py": BLOCK, "c.py": BLOCK}, 4)
    assert found == [("a.py", 1, "b.py", 1, 6), ("b.py", 1, "c.py", 1, 6)]


def test_imports_docstrings_and_overloads_are_no_duplication(tmp_path: Path) -> None:
    imports = "".join(f"import module_{number}\n" for number in range(8))
    overloads = "".join(f"@overload\ndef f(\n    a: int,\n    b: T{n},\n) -> T{n}: ...\n" for n in range(3))
    text = f'"""One.\nTwo.\nThree.\nFour.\n"""\n{imports}{overloads}'
    assert runs(tmp_path, {"a.py": text, "b.py": text}, 4) == []


def test_one_line_a_hundred_thousand_times_takes_no_square_of_time(tmp_path: Path) -> None:
    found = runs(tmp_path, {"a.py": "call(x)\n" * 100_000}, 10)
    assert all(first < second for _, first, _, second, _ in found)
    assert sum(length for *_, length in found) <= 100_000 * 10


def test_a_broken_file_has_no_lines(tmp_path: Path) -> None:
    assert runs(tmp_path, {"a.py": "x = (\n" + BLOCK, "b.py": BLOCK}, 4) == []


def test_guarded_imports() -> None:
    source = (
        "import a\ntry:\n    import b\nexcept ImportError:\n    import c\n"
        "import sys\nif sys.platform == 'win32':\n    import d\n"
        "if TYPE_CHECKING:\n    import e\ntry:\n    import f\nexcept KeyError:\n    pass\n"
    )
    assert guarded_import_lines(source) == {3, 5, 8, 10}
    assert guarded_import_lines("import (") == set()


def test_own_modules_are_what_can_be_imported() -> None:
    paths = ["src/shop/__init__.py", "src/shop/yaml.py", "tool.py", "scripts/run.py", "space/inner/mod.py", "a-b.py"]
    assert own_modules(paths) == ["mod", "run", "scripts", "shop", "space", "tool"]


def test_declarations_come_without_settings(tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\ndependencies = [\n  "PyYAML>=6",\n]\n[tool.deptry]\nignore = ["DEP001"]\n'
        '[project.optional-dependencies]\ntest = ["pytest"]\nextra = ["rich"]\n',
        "utf-8",
    )
    declared = write_declarations(tmp_path, stage, ("pyproject.toml",))
    assert "deptry" not in (stage / "pyproject.toml").read_text("utf-8")
    assert declared.development_groups == ("test",)
    assert declared.line_of("pyyaml") == 4
    assert declared.module_map() == "PyYAML=yaml"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "no dependencies are declared"),
        ({"pyproject.toml": "[tool.black]\n"}, "no dependencies are declared"),
        ({"pyproject.toml": "[project\n"}, "pyproject.toml cannot be read"),
        ({"requirements-dev.txt": "pytest\n"}, "no dependencies are declared"),
    ],
)
def test_without_declarations_there_is_nothing_to_audit(tmp_path: Path, texts: dict[str, str], said: str) -> None:
    write(tmp_path, texts)
    (tmp_path / "stage").mkdir()
    with pytest.raises(NoDeclarations, match=said):
        write_declarations(tmp_path, tmp_path / "stage", tuple(texts))


atoms = st.text(alphabet=st.characters(codec="utf-8")) | st.booleans() | st.integers(-(2**60), 2**60)
plain: st.SearchStrategy[Any] = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), plain, max_size=4))
def test_tables_survive_as_toml(table: dict[str, Any]) -> None:
    assert tomllib.loads(as_toml(table)) == table


def test_severities() -> None:
    assert severity_of("S608") is severity_of("invalid-syntax") is severity_of("F821") is Severity.HIGH
    assert severity_of("B006") is severity_of("F811") is Severity.MEDIUM
    assert severity_of("F401") is severity_of("S324") is Severity.LOW
    assert severity_of("F541") is severity_of("BLE001") is Severity.INFO
    assert severity_of("S602", "`subprocess` call with `shell=True` seems safe, but may be changed") is Severity.LOW
    assert all(IGNORE.values())


def test_side_code() -> None:
    assert all(map(is_test, ("tests/a.py", "pkg/test_a.py", "pkg/a_test.py", "conftest.py", "a/test/b.py")))
    assert not any(map(is_test, ("pkg/testing.py", "pkg/contest.py", "latest/a.py")))
    assert is_beside_the_product("docs/conf.py")
    assert is_beside_the_product("setup.py")
    assert not is_beside_the_product("src/docs.py")


def test_lines_end_where_python_says() -> None:
    assert split_lines("a\r\nb\rc\nd\x0ce\u2028f") == ["a\r\n", "b\r", "c\n", "d\x0ce\u2028f"]
    assert split_lines("") == []
