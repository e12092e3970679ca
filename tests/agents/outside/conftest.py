"""Calling a tool as an agent does, and servers on loopback that speak the API of a service at its edge."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from agents.contract import Services, Step, Tool
from agents.contract.egress import Egress
from agents.contract.services import NO_SERVICES
from agents.egress import EgressPolicy
from agents.testing import KitContext
from domain.execution import ToolCall
from domain.quality_gate import QualityGate
from tests.agents.outside.postgres import PostgresServer, postgres_server


@dataclass
class Bench:
    """A step in which tools are called. ``calls`` are those that were recorded, ``artifacts`` what they kept."""

    folder: Path
    services: Services = NO_SERVICES
    secrets: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    egress: Egress | None = None
    calls: list[ToolCall] = field(default_factory=list)
    artifacts: dict[str, bytes] = field(default_factory=dict)

    async def call(self, tool: type[Tool[Any, Any]], /, **arguments: Any) -> Any:
        """Call the tool with these arguments."""
        policy = self.egress or EgressPolicy(self.allow)
        context = KitContext(self.folder, "kit", (), QualityGate(), frozenset(), egress=policy)
        context.services, context.secrets = self.services, self.secrets
        context.checkout = replace(context.checkout, scratch=self.folder)

        async def work(step: Step) -> Any:
            return await step.call(tool, tool.arguments_model.model_validate(arguments))

        try:
            return await context.step("call", work, returns=tool().result_model)
        finally:
            self.calls += context.ledger.calls
            self.artifacts |= context.artifacts

    @property
    def error(self) -> str:
        """What the last call failed with."""
        return self.calls[-1].error or ""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The address of a server with this application."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL on loopback that asks for a password."""
    with postgres_server(tmp_path_factory) as server:
        yield server
