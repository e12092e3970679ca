"""Times and durations as they travel."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import read_duration, read_time, write_duration, write_time


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3_000_000)))
def test_a_duration_comes_back(span: timedelta) -> None:
    assert read_duration(write_duration(span)) == span


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(seconds=30), "PT30S"),
        (timedelta(minutes=90), "PT1H30M"),
        (timedelta(days=1, hours=2), "P1DT2H"),
        (timedelta(days=7), "P7D"),
        (timedelta(milliseconds=1500), "PT1.5S"),
    ],
)
def test_durations_are_written_short(span: timedelta, text: str) -> None:
    assert write_duration(span) == text


@pytest.mark.parametrize("text", ["P1W", "PT0.5S", "PT0,5S", "P1DT0H"])
def test_other_spellings_are_read(text: str) -> None:
    assert read_duration(text) > timedelta()


@pytest.mark.parametrize(
    "value", ["", "P", "PT", "P1DT", "-PT1S", "P1Y", "P1M", "PT1", "30s", 30, None, "P" + "9" * 12 + "D"]
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="not a Duration"):
        read_duration(value)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]), min_value=datetime(2, 1, 1)))  # noqa: DTZ001
def test_a_time_comes_back_in_utc(moment: datetime) -> None:
    text = write_time(moment)
    assert text.endswith("Z")
    assert read_time(text) == moment


@pytest.mark.parametrize(
    "value",
    ["2026-11-22", "2026-11-22T13:04:05", "13:04:05Z", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59", 5, None],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="not a DateTime"):
        read_time(value)
