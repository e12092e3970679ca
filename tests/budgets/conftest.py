"""Projects with a priced tool, and what the ledger and the tool's own log say of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from server.platform.wiring import Platform
from tests.conftest import PLUGINS
from tests.engine.conftest import ENDED, until
from tests.faults.invariants import ALWAYS

LEDGER = ("accounts", "budgets", "reservations", "reserved by none")
ERRORS = """errors { __typename code message path
  ... on BudgetExceeded { budget { scope unit of { ... on Task { key } ... on Project { key } } }
    limit spent reserved wanted } }"""


@dataclass
class Purse:
    """A project whose agents call the tool ``toll``: 1 for each call, and 1 for each byte of at most 9."""

    client: GraphQLClient
    database: asyncpg.Connection
    folder: Path
    project_id: str
    ids: dict[str, str] = field(default_factory=dict)

    async def ask(self, mutation: str, answer: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation."""
        name = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {answer} {ERRORS} }} }}"
        payload: dict[str, Any] = (await self.client.query(document, {"input": given}))[mutation]
        return payload

    async def do(self, mutation: str, answer: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation that must not be refused."""
        payload = await self.ask(mutation, answer, **given)
        assert payload["errors"] == []
        return payload

    async def budget(self, limit: str | int, unit: str = "COST", **of: str) -> dict[str, Any]:
        """Set a budget; of the project when nothing else is named."""
        holder = of or {"projectId": self.project_id}
        return await self.do("setBudget", "budget { id limit spent available }", of=holder, unit=unit, limit=limit)

    async def create(self, *drafts: dict[str, Any]) -> None:
        """Create tasks, each with a log of its own."""
        tasks = [self.draft(**draft) for draft in drafts]
        payload = await self.do("createTasks", "tasks { id title }", projectId=self.project_id, tasks=tasks)
        self.ids |= {task["title"]: task["id"] for task in payload["tasks"]}

    def draft(self, title: str, under: str | None = None, **inputs: Any) -> dict[str, Any]:
        """A task for the spender; ``under`` is its parent in the same request."""
        tree = {} if under is None else {"parent": {"clientKey": under}}
        given = {"log": str(self.folder / f"{title}.log"), **inputs}
        return {"title": title, "clientKey": title, "agent": "spender", "inputs": given, **tree}

    async def dispatch(self, *titles: str) -> dict[str, Any]:
        """Dispatch tasks at the same moment."""
        return await self.ask("dispatchTasks", "tasks { key }", taskIds=[self.ids[title] for title in titles])

    async def task(self, title: str) -> dict[str, Any]:
        """A task with what it has spent."""
        document = """query ($id: ID!) { task(by: { id: $id }) {
          key status statusReason blockedBy { __typename ... on WaitsForBudget { budget { unit limit } } }
          usage { unpricedCalls cost { spent reserved limit available } units { unit spent reserved } }
          latestExecution { id error { code message } result { ... on CustomReport { data } }
            usage { totals { cost { spent reserved } } } }
        } }"""
        return dict((await self.client.query(document, {"id": self.ids[title]}))["task"])

    async def ends(self, *titles: str) -> list[dict[str, Any]]:
        """Wait until these tasks have ended."""

        async def over() -> bool:
            return all([(await self.task(title))["status"] in ENDED for title in titles])

        await until(over)
        return [await self.task(title) for title in titles]

    async def paid(self, *titles: str) -> Decimal:
        """What the calls cost that the tool has noted itself."""
        total = 0
        for title in titles:
            log = self.folder / f"{title}.log"
            if await asyncio.to_thread(log.exists):
                total += sum(1 + int(line) for line in (await asyncio.to_thread(log.read_text)).split())
        return Decimal(total)

    async def account(self, unit: str = "COST") -> tuple[int, int]:
        """What is reserved and spent in the project, in the smallest part."""
        row = await self.database.fetchrow(
            "SELECT reserved, spent FROM accounts WHERE scope_id = $1 AND unit = $2", self.project_uuid, unit
        )
        return (0, 0) if row is None else (row["reserved"], row["spent"])

    @property
    def project_uuid(self) -> UUID:
        """The project's id in the database."""
        return decode_as("Project", self.project_id)

    async def ledger_is_right(self) -> None:
        """Every account is what its postings make it."""
        for name in LEDGER:
            assert await self.database.fetch(ALWAYS[name]) == [], name


async def purse_on(client: GraphQLClient, database: asyncpg.Connection, folder: Path) -> Purse:
    """A new project with the price of the tool."""
    purse = Purse(client, database, folder, "")
    payload = await purse.do("createProject", "project { id }", name="Purse")
    purse.project_id = payload["project"]["id"]
    rate = {"unit": "BYTES", "amount": 1, "per": 1, "maximum": 9}
    await purse.do("setPrice", "price { perCall }", tool="toll", perCall="1", rate=rate)
    return purse


@pytest.fixture
async def purse(
    client: GraphQLClient, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Purse]:
    """A project on the platform of this process."""
    monkeypatch.setenv("PATH", str(PLUGINS), prepend=":")
    database = await asyncpg.connect(platform.addresses.owner_dsn)
    yield await purse_on(client, database, tmp_path)
    await database.close()
