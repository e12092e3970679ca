"""A cursor that was made up, with a digest that fits, is refused like any other that is not ours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidCursor
from domain.pages import PageRequest
from persistence.keyset import Ordering
from persistence.tables import findings, tasks

NEWEST = Ordering((tasks.c.created_at, tasks.c.id), descending=True)
WORST = Ordering((findings.c.severity_rank, findings.c.id))
ID = UUID(int=1)


@pytest.mark.parametrize(
    ("ordering", "position"),
    [(NEWEST, (1, ID)), (NEWEST, ("now", ID)), (NEWEST, (ID,)), (NEWEST, ()), (WORST, (2**40, ID)), (WORST, (True, ID)),
     (WORST, (1, "x")), (WORST, (None, ID))],
)  # fmt: skip
def test_values_that_do_not_fit_the_ordering_are_refused(ordering: Ordering, position: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidCursor):
        ordering.window(tasks.select(), PageRequest(after=position))


def test_values_that_fit_are_compared() -> None:
    assert "severity_rank" in str(WORST.window(findings.select(), PageRequest(after=(3, ID))))
