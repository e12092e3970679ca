"""Everything that a program may try to get out of a sandbox, or to take more than its share: each is refused.

The control makes the same attempts without a sandbox, and all of them succeed: so each of these tests can fail. The
full matrix (every attempt, in every kind of sandbox, as root and as nobody): ``pytest -m verify tests/sandbox``.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import accounts, working_kinds
from tests.sandbox.siege import AT_ONCE, BOMBS, SECRET, UNCONFINED

ROOT = Path(__file__).parents[2]
ENDED_BY = {
    "memory_of_many": "memory", "shared_memory": "memory", "memory_let_go_of": "memory", "disk_fill_with_many": "disk",
    "disk_fill_unseen": "disk", "disk_fill_in_tmp": "disk", "sleeper": "time", "flood": "time", "burner": "cpu",
}  # fmt: skip
"""The limit that ends it, where the attempt goes on until it is ended."""


def siege(account: str, kind: str, attempts: Iterable[str]) -> dict[str, Any]:
    environment = {**os.environ, SECRET: secrets.token_hex(16)}
    command = [sys.executable, "-m", "tests.sandbox.siege", account, kind, *attempts]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answers: dict[str, Any] = json.loads(done.stdout)
    assert answers.keys() == set(attempts)
    return answers


def assert_refused(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        assert answer["tried"], (name, answer)
        assert not answer["reached"], (name, answer)
        assert answer["left"] == 0, (name, answer)
        assert answer["exceeded"] == ENDED_BY.get(name, answer["exceeded"]), (name, answer)


def test_a_sandbox_works_on_this_machine() -> None:
    assert working_kinds(), "No sandbox works on this machine, so none was tested: apt-get install bubblewrap"


def test_without_a_sandbox_the_attempts_succeed(every_account: str) -> None:
    answers = siege(every_account, UNCONFINED, AT_ONCE)
    assert [name for name, answer in answers.items() if not answer["reached"]] == []


def test_attempts_are_refused(every_kind: str) -> None:
    assert_refused(siege(accounts()[0], every_kind, AT_ONCE))


def test_attempts_of_another_account_are_refused() -> None:
    assert_refused(siege(accounts()[-1], working_kinds()[0], AT_ONCE))


@pytest.mark.verify
def test_bombs_are_defused() -> None:
    attempts = ("fork_bomb", "memory_of_many", "disk_fill_with_many", "runaway", "flood")
    assert_refused(siege(accounts()[0], working_kinds()[0], attempts))


@pytest.mark.verify
def test_without_a_sandbox_bombs_go_off(account: str) -> None:
    answers = siege(account, UNCONFINED, BOMBS)
    assert [name for name, answer in answers.items() if not answer["reached"]] == []


@pytest.mark.verify
def test_every_attempt_in_every_kind_by_every_account(kind: str, account: str) -> None:
    assert_refused(siege(account, kind, [*AT_ONCE, *BOMBS]))
