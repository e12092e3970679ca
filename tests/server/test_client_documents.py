"""The documents of our own client fit the published schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from server.client import approvals, audit, memory, messages, named, tasks, tool_calls

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
DOCUMENTS = {
    name: value
    for module in (audit, approvals, memory, messages, named, tasks, tool_calls)
    for name, value in vars(module).items()
    if name.isupper() and name[0] != "_" and isinstance(value, str)
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_fits_the_schema(name: str) -> None:
    schema = build_schema(SDL.read_text(encoding="utf-8"))
    assert [error.message for error in validate(schema, parse(DOCUMENTS[name]))] == []


def test_there_are_documents() -> None:
    assert {
        "PROJECTS",
        "CREATE_PROJECT",
        "CREATE_TASK",
        "EVENTS",
        "RESULT",
        "AWAITING",
        "APPROVE",
        "REJECT",
        "MESSAGES",
        "MESSAGES_LIVE",
        "MESSAGES_NAMED",
        "SEND_MESSAGE",
        "FIND_TASK",
        "RETRY",
        "CANCEL",
        "RECALL",
        "CALL_TOOL",
        "TOOL_RESULT",
        "FIND_PROJECT",
    } <= DOCUMENTS.keys()
