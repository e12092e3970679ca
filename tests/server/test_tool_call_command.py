"""``wrenchai tools show`` and ``wrenchai tools call`` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from server.cli.calling import arguments_of
from server.process import Running
from server.settings import Settings
from server.tool_help import shapes
from tests.server.test_approvals_command import wrenchai
from tests.server.test_tool_commands import wrenchai as alone


async def test_a_call_prints_what_the_tool_answers(live: Running, settings: Settings) -> None:
    done = await wrenchai(live, settings, "tools", "call", "flood", "--arguments", '{"size": 4}')
    assert (done.returncode, done.stdout) == (0, "text: xxxx\n"), done.stderr


@pytest.mark.verify
async def test_arguments_come_from_a_file_and_a_large_answer_from_an_artifact(
    live: Running, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "arguments.json"
    file.write_text('{"size": 300000}')
    large = await wrenchai(live, settings, "tools", "call", "flood", "-a", f"@{file}", "--json")
    assert large.returncode == 0, large.stderr
    said: dict[str, Any] = json.loads(large.stdout)
    assert (said["status"], said["tool"], len(said["answer"]["text"])) == ("SUCCEEDED", "flood", 300_000)


@pytest.mark.verify
async def test_what_is_refused_or_fails_ends_with_3(live: Running, settings: Settings) -> None:
    refused = await wrenchai(live, settings, "tools", "call", "flood", "-a", '{"size": 0, "sice": 1}')
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "arguments.size: Input should be greater than or equal to 1." in refused.stderr
    assert "arguments.sice: Extra inputs are not permitted." in refused.stderr
    failed = await wrenchai(live, settings, "tools", "call", "flood", "-a", '{"fails": "No more."}', "--json")
    assert failed.returncode == 3
    assert json.loads(failed.stdout)["error"]["message"] == "No more."


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "this is no JSON"), ("[1]", "give a JSON object"), ("@/no/such/file", "/no/such/file cannot be read")],
)
def test_arguments_that_are_none_are_said(text: str, said: str) -> None:
    with pytest.raises(typer.BadParameter, match=said):
        arguments_of(text)


@pytest.mark.verify
def test_a_tool_is_shown_with_its_arguments_and_an_example(tmp_path: Path) -> None:
    shown = alone("tools", "show", "test_runner", data_dir=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for part in ("Apache-2.0", "timeout_seconds", "> 0, ≤ 3,600", "How long all of them may take."):
        assert part in shown.stdout
    assert 'wrenchai tools call test_runner --source . --arguments \'{"paths": ["tests"]' in shown.stdout
    facts = json.loads(alone("tools", "show", "ruff", "--json", data_dir=tmp_path).stdout)
    assert (facts["kind"], facts["argumentsSchema"]) == ("PROGRAM", None)
    assert alone("tools", "show", "nonsense", data_dir=tmp_path).returncode == 2


def test_a_schema_becomes_tables_with_what_it_refers_to_behind_it() -> None:
    schema = {
        "properties": {
            "size": {"type": "integer", "minimum": 1, "default": 2, "description": "How much."},
            "colour": {"$ref": "#/$defs/Colour"},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "maxItems": 9},
            "note": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}], "default": None},
            "counts": {"type": "object", "additionalProperties": {"type": "number"}},
        },
        "required": ["colour", "parts"],
        "$defs": {
            "Colour": {"enum": ["red", "blue"]},
            "Part": {
                "properties": {"within": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]}},
                "description": "A part.",
            },
        },
    }
    whole, part = shapes(schema)
    assert [(one.name, one.type, one.default, one.limits) for one in whole.fields] == [
        ("size", "whole number", "2", "≥ 1"),
        ("colour", '"red" or "blue"', "", ""),
        ("parts", "list of Part", "", "at most 9 entries"),
        ("note", "text or null", "null", "at most 5 characters"),
        ("counts", "object of number", "–", ""),
    ]
    assert (part.name, part.description, part.fields[0].type) == ("Part", "A part.", "Part or null")
