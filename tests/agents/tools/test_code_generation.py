"""Code from templates."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agents.contract import AgentFailure, ToolFailure, WrongInputs
from agents.testing import KitContext, answers
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


BOMB = "a: &a {one: 1, two: 2}\n" + "".join(
    f"{one}: &{one} {{x{one}: 0, <<: [{', '.join([f'*{before}'] * 10)}]}}\n" for before, one in pairwise("abcdefgh")
)
"""Merge keys: each line has ten times what the one before it has, once it is read."""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": "{{ ''.__class__.__mro__ }}"}, "does what templates may not"),
        ({"a.txt": "{{ missing }}"}, "'missing' is undefined"),
        ({"a.txt": "line\n{% if %}"}, "is wrong in line 2"),
        ({"a.py": "def ("}, "for 'a.py' cannot be read"),
        (
            {"a.yaml": BOMB},
            "'a.yaml' cannot be read: written out, its aliases stand for more than 1,000,000",
        ),
        ({"a.yml": "a: &a [*a]"}, "its aliases stand for more"),
        ({"a.yaml": "- " * 100_000}, "'a.yaml' cannot be read"),
        ({"a.json": "[" * 100_000}, "'a.json' cannot be read"),
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
        ({}, "give one of template, files and instructions"),
        ({"template": "dockerfile", "instructions": "Write."}, "give one of template, files and instructions"),
        ({"instructions": "Write.", "variables": {"a": 1}}, "variables are for templates"),
        ({"files": {"a": "b"}, "context_files": ["c"]}, "context_files are for instructions"),
        ({"instructions": "Write.", "context_files": ["../a"]}, "not a path below the checkout"),
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


async def test_several_documents_of_yaml_and_aliases_are_read(call: Call) -> None:
    done = await call("code_generation", files={"a.yaml": "a: &a {b: 1}\nc: {<<: *a}\n---\nd: 2\n"})
    assert done.files[0].checked


def writing(*files: tuple[str, str]) -> dict[str, Any]:
    """What a model answers."""
    return {"files": [{"path": path, "content": content} for path, content in files]}


async def test_a_model_writes_what_the_instructions_say(call: Call, checkout: Path, context: KitContext) -> None:
    (checkout / "sub").mkdir()
    (checkout / "sub" / "old.py").write_text("x = 1\n")
    (checkout / "notes.txt").write_text("The level is in metres.\n")
    was_asked: list[str] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        was_asked.append(str(messages[-1].parts[-1].content))  # type: ignore[union-attr]
        given = writing(("old.py", "x = 2\n"), ("new.json", "{}"))
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, given)])

    context.model = FunctionModel(answer)
    done = await call(
        "code_generation", instructions="Write a level.", folder="sub", context_files=["notes.txt", "sub/old.py"]
    )
    assert [(one.path, one.replaces, one.checked) for one in done.files] == [
        ("sub/old.py", True, True),
        ("sub/new.json", False, True),
    ]
    applied = subprocess.run(["git", "apply"], input=done.patch, cwd=checkout, capture_output=True, text=True)
    assert applied.returncode == 0, applied.stderr
    assert (checkout / "sub" / "old.py").read_text() == "x = 2\n"
    [prompt] = was_asked
    assert prompt.startswith("Write a level.")
    assert "the folder sub." in prompt
    assert "===== notes.txt\nThe level is in metres." in prompt
    assert "===== sub/old.py\nx = 1" in prompt
    assert [one.tool for one in context.ledger.calls] == ["model:double", "code_generation"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (("a.py", "def ("), "for 'a.py' cannot be read"),
        (("a.yaml", BOMB), "its aliases stand for more than 1,000,000 values"),
    ],
)
async def test_what_a_model_writes_is_checked_as_well(
    call: Call, context: KitContext, written: tuple[str, str], said: str
) -> None:
    context.model = answers(writing(written))
    with pytest.raises(ToolFailure, match=said):
        await call("code_generation", instructions="Write it.")


async def test_a_path_out_of_the_checkout_is_sent_back_to_the_model(call: Call, context: KitContext) -> None:
    context.model = answers(writing(("../a.py", "")), writing(("a.py", ""), ("a.py", "")), writing(("a.py", "x = 1\n")))
    assert [one.path for one in (await call("code_generation", instructions="Write it.")).files] == ["a.py"]
    context.model = answers(*[writing(("/etc/passwd", ""))] * 3)
    with pytest.raises(AgentFailure, match="no answer that fits"):
        await call("code_generation", instructions="Write it elsewhere.")


async def test_without_a_model_it_says_how_to_get_one(call: Call) -> None:
    with pytest.raises(ToolFailure, match=r"wrenchai models set .* `wrenchai models use NAME`; or use a template"):
        await call("code_generation", instructions="Write it.")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none", None, "There is no file 'none'"),
        ("large", b"x" * 200_001, "200,000 are the most"),
        ("odd", b"\xff", "is not text in UTF-8"),
        ("half", b"x" * 150_000, "more than 200,000 bytes together"),
    ],
)
async def test_what_the_model_is_shown_is_bounded(
    call: Call, checkout: Path, context: KitContext, name: str, content: bytes | None, said: str
) -> None:
    context.model = answers()
    if content is not None:
        (checkout / name).write_bytes(content)
    with pytest.raises(ToolFailure, match=said):
        await call("code_generation", instructions="Write it.", context_files=[name] * 2)
    assert [one.tool for one in context.ledger.calls] == ["code_generation"]  # the model was not asked
