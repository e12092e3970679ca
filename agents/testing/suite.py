"""All cases of an agent as a test of pytest, in one line: ``test_cases = suite(MyAgent, "cases")``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.testing.case import Case, load_cases
from agents.testing.check import AnyAgent, check


def suite(agent: type[AnyAgent], place: str | Path) -> Callable[..., Any]:
    """A test that runs once for each case of ``place``, a file or a folder beside the module that calls this.

    It wants pytest and pytest-asyncio. What is not as expected is listed in the failure.

    Raises:
        CaseUnusable: there is no case, or one is not written as a case.
    """
    import pytest

    caller = inspect.stack()[1].filename
    cases = load_cases(Path(caller).parent / place)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("case", cases, ids=[case.title for case in cases])
    async def test(case: Case) -> None:
        checked = await check(agent, case)
        if not checked.passed:
            pytest.fail("\n".join(checked.problems), pytrace=False)

    return test
