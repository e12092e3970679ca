"""The kit reserves and charges as a worker does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from agents.contract import BudgetExceeded
from agents.testing import AgentRun, run_agent
from domain.prices import Price, Rate
from domain.units import Unit
from tests.conftest import PLUGINS
from tests.plugins.spending_agents import Spender, SpenderInputs, SpenderReport

PRICE = Price(per_call=10**6, rate=Rate(unit=Unit.BYTES, amount=10**6, per=1, maximum=9))


@pytest.fixture(autouse=True)
def toll(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool is on the PATH."""
    monkeypatch.setenv("PATH", str(PLUGINS), prepend=":")


async def test_an_agent_stops_before_it_spends_too_much(tmp_path: Path) -> None:
    inputs = SpenderInputs(log=str(tmp_path / "log"), calls=50)
    run = await run_agent(Spender(), tmp_path, inputs, prices={"toll": PRICE}, budgets={Unit.COST: Decimal(40)})
    paid = sum(1 + int(line) for line in (tmp_path / "log").read_text().split())
    assert run.report.refused == 1
    assert run.spent[Unit.COST] == paid <= 40
    assert run.report.remaining == 40 - paid < 10
    assert run.spent[Unit.TOOL_CALLS] == run.report.made
    assert run.spent[Unit.UNPRICED_CALLS] == 0


async def test_what_has_no_price_is_counted_and_can_be_forbidden(tmp_path: Path) -> None:
    async def spend(**budgets: Decimal) -> AgentRun[SpenderReport]:
        inputs = SpenderInputs(log=str(tmp_path / "log"), calls=2, insist=True)
        limits = {Unit[name]: limit for name, limit in budgets.items()}
        return await run_agent(Spender(), tmp_path, inputs, budgets=limits)

    run = await spend()
    assert [run.spent[unit] for unit in (Unit.UNPRICED_CALLS, Unit.COST)] == [Decimal(2), Decimal(0)]
    assert run.spent[Unit.CPU_SECONDS] > 0
    with pytest.raises(BudgetExceeded, match="UNPRICED_CALLS budget of the test is 0"):
        await spend(UNPRICED_CALLS=Decimal(0))
