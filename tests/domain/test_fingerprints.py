"""Fingerprints: what they survive, and what they tell apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.finding import FindingDraft, Location, fingerprinted
from domain.severity import Severity


def draft(path: str, line: int, snippet: str, rule: str = "S101", engine: str = "ruff") -> FindingDraft:
    return FindingDraft(
        engine=engine,
        rule=rule,
        severity=Severity.LOW,
        message="Mend it.",
        location=Location(path=path, start_line=line),
        snippet=snippet,
    )


drafts = st.lists(
    st.builds(
        draft,
        path=st.sampled_from(["a.py", "b.py"]),
        line=st.integers(1, 500),
        snippet=st.sampled_from(["assert x", "assert y", "pass", "\ud800"]),
        rule=st.sampled_from(["S101", "E501"]),
    ),
    max_size=12,
    unique_by=lambda one: (one.location.path, one.location.start_line),
)


def prints(found: list[FindingDraft]) -> Counter[str]:
    return Counter(one.fingerprint for one in fingerprinted(found))


@given(drafts)
def test_no_two_findings_share_a_fingerprint(found: list[FindingDraft]) -> None:
    assert all(count == 1 for count in prints(found).values())


@given(drafts, st.integers(1, 1000))
def test_lines_inserted_above_change_nothing(found: list[FindingDraft], moved: int) -> None:
    shifted = [
        replace(one, location=replace(one.location, start_line=(one.location.start_line or 0) + moved)) for one in found
    ]
    assert prints(shifted) == prints(found)


@given(drafts)
def test_the_order_of_reporting_and_white_space_change_nothing(found: list[FindingDraft]) -> None:
    again = [replace(one, snippet=f"\t  {one.snippet.replace(' ', '   ')} ") for one in reversed(found)]
    assert prints(again) == prints(found)


@given(drafts)
def test_another_file_changes_nothing(found: list[FindingDraft]) -> None:
    alone = [one for one in found if one.location.path == "a.py"]
    together = {one.fingerprint for one in fingerprinted(found) if one.location.path == "a.py"}
    assert together == set(prints(alone))


def test_two_equal_lines_stay_two_findings() -> None:
    both = prints([draft("a.py", 3, "assert x"), draft("a.py", 9, "assert x")])
    assert len(both) == 2
    assert set(prints([draft("a.py", 7, "assert x")])) < set(both)


def test_engine_rule_path_and_text_tell_findings_apart() -> None:
    different = [
        draft("a.py", 1, "assert x"),
        draft("b.py", 1, "assert x"),
        draft("a.py", 1, "assert y"),
        draft("a.py", 1, "assert x", rule="S102"),
        draft("a.py", 1, "assert x", engine="bandit"),
    ]
    assert len({next(iter(prints([one]))) for one in different}) == len(different)
