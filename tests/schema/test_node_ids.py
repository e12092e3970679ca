"""Global ids: opaque, exact, and never an exception's text."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidId
from schema.node_ids import decode, decode_as, encode


@given(st.sampled_from(["Task", "Execution", "ToolCall"]), st.uuids())
def test_an_id_comes_back(type_name: str, uuid: UUID) -> None:
    global_id = encode(type_name, uuid)
    assert decode(global_id) == (type_name, uuid)
    assert decode_as(type_name, global_id) == uuid


@given(st.text())
def test_whatever_a_client_sends_is_bad_user_input(text: str) -> None:
    with pytest.raises(InvalidId) as refusal:
        decode(text, path=("by", "id"))
    assert refusal.value.code == "BAD_USER_INPUT"
    assert refusal.value.path == ("by", "id")


def test_another_kind_of_thing_is_refused_by_name() -> None:
    with pytest.raises(InvalidId, match="is not the id of a Task"):
        decode_as("Task", encode("Project", UUID(int=1)))


def test_there_is_one_spelling_only() -> None:
    global_id = encode("Task", UUID(int=5))
    for other in (global_id + "=", global_id + "\n", " " + global_id, global_id[:-1]):
        with pytest.raises(InvalidId):
            decode(other)


def test_the_refusal_of_an_id_has_the_article_of_what_was_asked_for() -> None:
    with pytest.raises(InvalidId, match="is not the id of an Execution"):
        decode_as("Execution", encode("Task", UUID(int=1)))
