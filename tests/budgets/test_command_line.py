"""``wrenchai usage`` and ``wrenchai budget`` as programs, on the running platform."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from server.cli.exit_codes import ExitCode
from server.process import Running
from server.settings import Settings
from tests.budgets.conftest import Purse

Wrenchai = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]


@pytest.fixture
def wrenchai(live: Running, settings: Settings) -> Wrenchai:
    """Runs a command beside the platform of this process, which goes on meanwhile."""
    assert live.address is not None
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    places = {"WRENCHAI_DATA_DIR": str(settings.data_dir), "WRENCHAI_PORT": live.address.rpartition(":")[2]}

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", "from server.cli import main; main()", *arguments],
            env={**ours, **places, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


async def test_a_budget_is_set_seen_and_removed(purse: Purse, wrenchai: Wrenchai) -> None:
    await purse.create({"title": "one", "calls": 2})
    await purse.dispatch("one")
    (task,) = await purse.ends("one")
    paid = str(await purse.paid("one"))
    made = await wrenchai("budget", "set", "cost", "100.5", "--task", task["key"])
    assert made.returncode == ExitCode.OK, made.stderr
    assert made.stdout.splitlines()[1].split() == ["cost", paid, "0", "100.5", str(100.5 - int(paid))]
    listed = await wrenchai("budget", "list")
    assert f"cost of task {task['key']}" in listed.stdout
    shown = await wrenchai("usage", "--task", task["key"], "--json")
    (cost, *_) = json.loads(shown.stdout)["units"]
    assert (cost["unit"], cost["spent"], cost["limit"]) == ("COST", paid, "100.5")
    assert (await wrenchai("budget", "remove", "cost", "--task", task["key"])).returncode == ExitCode.OK
    assert f"cost of task {task['key']}" not in (await wrenchai("budget", "list")).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("usage", "--task", "NONE-1"), ExitCode.EXECUTION, "There is no task NONE-1 here."),
        (("budget", "set", "cost", "much"), ExitCode.EXECUTION, "is not a Decimal"),
        (("usage", "--task", "A-1", "--project", "A"), ExitCode.USAGE, "not both"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(
    wrenchai: Wrenchai, arguments: tuple[str, ...], code: ExitCode, sentence: str
) -> None:
    answer = await wrenchai(*arguments)
    assert (answer.returncode, sentence in answer.stderr) == (code, True), answer.stderr
