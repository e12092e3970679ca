"""Cursors come back as they went out, and only to the list they came from."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidCursor
from domain.reads import TaskFilter, TaskOrder, TaskOrderField
from domain.states import TaskStatus
from resolvers.cursors import decode, encode, scope

MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
VALUES = st.one_of(st.integers(-(2**63), 2**63), st.text(), st.uuids(), MOMENTS, st.none(), st.booleans())
POSITIONS = st.lists(VALUES, min_size=1, max_size=4).map(tuple)


@given(POSITIONS)
def test_a_position_comes_back_with_its_types(position: tuple[object, ...]) -> None:
    decoded = decode("list", encode("list", position))
    assert decoded == position
    assert [type(value) for value in decoded] == [type(value) for value in position]


@given(POSITIONS)
def test_a_cursor_is_refused_by_another_list(position: tuple[object, ...]) -> None:
    with pytest.raises(InvalidCursor):
        decode(scope("tasks", TaskFilter(agent="other"), TaskOrder()), encode(scope("tasks", TaskFilter()), position))


@given(st.text())
def test_whatever_a_client_sends_is_refused_as_a_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor) as refusal:
        decode("list", text, path=("before",))
    assert refusal.value.path == ("before",)
    assert refusal.value.code == "INVALID_CURSOR"


@given(POSITIONS, st.data())
def test_an_altered_cursor_is_refused(position: tuple[object, ...], data: st.DataObject) -> None:
    cursor = encode("list", position)
    at = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from("ABCDwxyz0189-_").filter(lambda letter: letter != cursor[at]))
    with pytest.raises(InvalidCursor):
        decode("list", cursor[:at] + other + cursor[at + 1 :])


def test_the_scope_tells_filters_orders_and_owners_apart() -> None:
    owner = UUID(int=1)
    scopes = {
        scope("tasks", TaskFilter(), TaskOrder()),
        scope("tasks", TaskFilter(statuses=(TaskStatus.FAILED,)), TaskOrder()),
        scope("tasks", TaskFilter(), TaskOrder(field=TaskOrderField.PRIORITY)),
        scope("task.executions", owner),
        scope("task.executions", UUID(int=2)),
        scope("task.dependencies", owner),
    }
    assert len(scopes) == 6


def test_a_cursor_shows_nothing_but_letters_of_base64url() -> None:
    cursor = encode("list", (datetime(2026, 11, 22, tzinfo=UTC), UUID(int=7)))
    assert cursor.replace("-", "").replace("_", "").isalnum()
