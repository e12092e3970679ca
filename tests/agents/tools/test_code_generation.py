"""Code from templates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

from agents.contract import ToolFailure, WrongInputs
from agents.tools.templates.shipped import shipped
from tests.agents.tools.conftest import Call

NASTY = 'it says "no" \\ and """ends"""\nhere'


@pytest.mark.verify
async def test_the_python_that_is_made_works(call: Call, checkout: Path) -> None:
    module = {"module": "level", "function": "level_of", "summary": NASTY, "parameters": "a: int, b: dict[str, int]"}
    program = {"program": "tidy_logs", "summary": NASTY}
    made = [
        await call("code_generation", template="python-module", variables=module),
        await call("code_generation", template="python-cli", variables=program),
    ]
    for one in made:
        applied = subprocess.run(["git", "apply"], input=one.patch, cwd=checkout, capture_output=True, text=True)
        assert applied.returncode == 0, applied.stderr
    assert sorted(one.relative_to(checkout).as_posix() for one in checkout.rglob("*.py")) == sorted(
        file.path for one in made for file in one.files
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=."]
    tested = subprocess.run(command, cwd=checkout, capture_output=True, text=True, env={"PYTHONPATH": "."})
    assert "4 passed" in tested.stdout, tested.stdout


async def test_the_other_templates_make_what_can_be_read(call: Call) -> None:
    variables = {
        "type": "WaterLevel",
        "plural": "waterLevels",
        "description": NASTY,
        "fields": "name: String!, at: [Int!]",
    }
    done = await call("code_generation", template="graphql-type", variables=variables)
    schema = build_schema(done.files[0].content)
    assert {"WaterLevel", "WaterLevelConnection"} <= schema.type_map.keys()
    workflow = await call("code_generation", template="github-workflow", folder="sub")
    assert [(one.path, one.checked) for one in workflow.files] == [("sub/.github/workflows/tests.yml", True)]
    assert "${{ matrix.python }}" in workflow.files[0].content
    image = await call("code_generation", template="dockerfile", variables={"module": "app.main", "port": "9000"})
    assert 'ENTRYPOINT ["/app/bin/python", "-m", "app.main"]' in image.files[0].content
    assert set(shipped()) == {"python-module", "python-cli", "graphql-type", "dockerfile", "github-workflow"}


async def test_templates_of_ones_own_are_a_patch_of_what_is_there(call: Call, checkout: Path) -> None:
    (checkout / "a.txt").write_text("one\ntwo\n")
    files = {"{{ name }}.txt": "one\n{{ name * 2 }}", "b.json": '{"n": {{ numbers | tojson }}}'}
    done = await call("code_generation", files=files, variables={"name": "a", "numbers": [1, 2]})
    assert [(one.path, one.replaces) for one in done.files] == [("a.txt", True), ("b.json", False)]
    applied = subprocess.run(["git", "apply"], input=done.patch, cwd=checkout, capture_output=True, text=True)
    assert applied.returncode == 0, applied.stderr
    assert (checkout / "a.txt").read_text() == "one\naa"
    assert (checkout / "b.json").read_text() == '{"n": [1, 2]}'


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": "{{ ''.__class__.__mro__ }}"}, "does what templates may not"),
        ({"a.txt": "{{ missing }}"}, "'missing' is undefined"),
        ({"a.txt": "line\n{% if %}"}, "is wrong in line 2"),
        ({"a.py": "def ("}, "for 'a.py' cannot be read"),
        ({"{{ '../' }}a.txt": "x"}, "no path below the checkout"),
        ({"{{ 'a' }}": "x", "a": "y"}, "Two templates make the file 'a'"),
        ({"a.txt": "{{ 'x' * 2000000 }}"}, "1,048,576 are the most"),
        ({"a.txt": "{{ 'x' * 9000000000 }}"}, "memory"),
    ],
)
async def test_a_template_can_do_no_harm(call: Call, files: dict[str, str], said: str) -> None:
    with pytest.raises(ToolFailure, match=said):
        await call("code_generation", files=files)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give either a template or files"),
        ({"template": "cobol"}, "there is no template 'cobol'; there are: dockerfile"),
        ({"template": "dockerfile"}, "the variable 'module' is missing: Module that is run"),
        ({"template": "dockerfile", "variables": {"module": "a; rm"}}, "the variable 'module' must match"),
        ({"template": "dockerfile", "variables": {"module": "a", "x": 1}}, "there is no variable 'x'"),
        ({"files": {"../a": "x"}}, "not a path below the checkout"),
    ],
)
async def test_wrong_arguments_are_refused(call: Call, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongInputs, match=said):
        await call("code_generation", **arguments)
