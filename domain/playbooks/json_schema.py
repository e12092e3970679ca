"""The JSON Schema of playbooks, for editors: what is allowed where, with what it means."""

from __future__ import annotations

from typing import Any

from domain.playbooks.document import MOST_INPUTS, MOST_ITEMS, MOST_OUTPUTS, MOST_STEPS, InputType
from domain.playbooks.fields import DURATION
from domain.playbooks.read_checks import CHECK, KINDS
from domain.playbooks.reading import APPROVE, ID, INPUT, NAME, RETRY, STEP, TOP
from domain.severity import Severity

URL = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). What it lets through may still have problems that only the platform sees."""
    return {
        "$schema": URL,
        "$id": "/playbook.schema.json",
        "title": "WrenchAI playbook",
        "description": "Recurring work: a graph of tasks, with conditions, fan-out and approvals.",
        **_mapping(TOP, _top(), required=("name", "steps")),
        "$defs": {
            "expression": _text(
                "An expression in CEL, for example inputs.deep && steps.audit.status == 'COMPLETED'.", 1_000
            ),
            "duration": {"type": "string", "pattern": f"^{DURATION.pattern}$", "examples": ["30s", "15m", "2h"]},
            "input": _mapping(INPUT, _input()),
            "step": {
                **_mapping(STEP, _step(), required=("id",)),
                "anyOf": [{"required": ["agent"]}, {"required": ["approve"]}],
            },
            "check": {
                **_mapping(CHECK, _check(), required=("name",)),
                "oneOf": [{"required": [kind]} for kind in KINDS],
            },
            "outputs": {
                "type": "object",
                "maxProperties": MOST_OUTPUTS,
                "propertyNames": {"pattern": f"^{ID.pattern}$"},
                "additionalProperties": _ref("expression"),
            },
        },
    }


def _top() -> dict[str, Any]:
    return {
        "name": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "What it is called by."},
        "title": _text("Its name for people.", 200),
        "description": _text("What it is for.", 5_000),
        "inputs": {
            "type": "object",
            "description": "What it is given, by name.",
            "maxProperties": MOST_INPUTS,
            "propertyNames": {"pattern": f"^{ID.pattern}$"},
            "additionalProperties": _ref("input"),
        },
        "steps": {"type": "array", "minItems": 1, "maxItems": MOST_STEPS, "items": _ref("step")},
        "outputs": {**_ref("outputs"), "description": "What the run reports, from inputs and steps."},
    }


def _input() -> dict[str, Any]:
    return {
        "type": {"enum": [one.value for one in InputType], "default": InputType.STRING.value},
        "description": _text("What it is for.", 1_000),
        "default": {"description": "What it is when it is left out. Without a default it has to be given."},
        "choices": {"type": "array", "maxItems": 100, "description": "All that it may be."},
    }


def _step() -> dict[str, Any]:
    return {
        "id": {"type": "string", "pattern": f"^{ID.pattern}$", "description": "What other steps and expressions name."},
        "title": _text("Title of its tasks; may hold ${{ expressions }}.", 300),
        "agent": _text("Kind of the agent that does it.", 100),
        "inputs": {"type": "object", "description": "What the agent is given; texts may hold ${{ expressions }}."},
        "needs": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "Steps that must have ended before.",
        },
        "on_failure": {
            "enum": ["skip", "continue"],
            "default": "skip",
            "description": "What it does when a step that it needs did not complete.",
        },
        "if": {
            "anyOf": [_ref("expression"), {"type": "boolean"}],
            "description": "It is skipped unless this is true; may use inputs and steps.",
        },
        "for_each": {
            "anyOf": [_ref("expression"), {"type": "array", "maxItems": MOST_ITEMS}],
            "description": "A task for each item of this list, which is `item` (and `index`) in its other expressions.",
        },
        "retry": _mapping(RETRY, {"max_attempts": _whole(1, 20), "backoff": _ref("duration")}),
        "timeout": {**_ref("duration"), "description": "How long an attempt at one of its tasks may take."},
        "approve": {
            "anyOf": [
                _text("What a person is asked before.", 2_000),
                _mapping(
                    APPROVE,
                    {
                        "question": _text("What a person is asked.", 2_000),
                        "risk": {"enum": [one.value for one in Severity], "default": Severity.MEDIUM.value},
                        "expires_in": {**_ref("duration"), "description": "After that it counts as rejected."},
                    },
                    required=("question",),
                ),
            ],
            "description": "A question that a person has to approve before the step is done.",
        },
        "checks": {
            "type": "array",
            "maxItems": 20,
            "items": _ref("check"),
            "description": "Acceptance checks of its tasks: what the platform itself looks at.",
        },
        "outputs": {**_ref("outputs"), "description": "What is kept of a task's report, as expressions on `report`."},
        "may_fail": {"type": "boolean", "default": False, "description": "The playbook passes although it fails."},
    }


def _check() -> dict[str, Any]:
    return {
        "name": _text("Its name for people.", 200),
        "severity": {
            "enum": [one.value for one in Severity],
            "description": "Findings as grave as this or graver count.",
        },
        "maximum": {**_whole(0, 1_000_000), "default": 0, "description": "How many there may be."},
        "only_new": {"type": "boolean", "default": True, "description": "Whether only new findings count."},
        "command": {
            "anyOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1}, {"type": "string"}],
            "description": "A program with arguments, or ${{ an expression }} for them; no check when that is empty.",
        },
        "exit_code": {**_whole(0, 255), "default": 0, "description": "What the command must end with."},
        "timeout": {**_ref("duration"), "description": "How long the command may take."},
        "file": _text("A file of the source whose path fits this pattern is there.", 1_000),
        "artifact": _text("An artifact of this name is there.", 1_000),
    }


def _mapping(names: tuple[str, ...], fields: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    if set(names) != set(fields):
        raise AssertionError(f"the schema does not say what is read: {set(names) ^ set(fields)}")
    schema: dict[str, Any] = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _text(description: str, most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": description}


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
