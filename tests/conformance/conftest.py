"""The platform behind a line that can be cut, a project of its own, and the packages from npm."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.security.local_token import LocalToken
from server.settings import Settings
from tests.conformance.npm_packages import NpmPackages
from tests.conformance.prober import Prober
from tests.conformance.severable import SeverableLine, severable_line

PROJECT = (
    "mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } errors { message } } }"
)


@pytest.fixture(scope="session")
def npm_packages() -> Iterator[NpmPackages]:
    """Installed once; removed afterwards, since they are large."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-conformance-", ignore_cleanup_errors=True) as folder:
        yield NpmPackages.install(Path(folder))


@pytest.fixture(scope="session")
def token(live: Running, settings: Settings) -> str:
    """The owner's."""
    return LocalToken.read(settings.data_dir).value


@pytest.fixture
async def line(live: Running) -> AsyncIterator[SeverableLine]:
    """Between a client and the platform."""
    assert live.address is not None
    async with severable_line(live.address) as line:
        yield line


@pytest.fixture
async def project(client: GraphQLClient) -> str:
    """The id of a fresh project."""
    key = f"C{uuid4().hex[:8].upper()}"
    made = await client.query(PROJECT, {"input": {"name": f"Conformance {key}", "key": key}})
    project_id: str = made["createProject"]["project"]["id"]
    return project_id


@pytest.fixture
async def prober(live: Running, token: str) -> AsyncIterator[Prober]:
    """Signed in as the owner."""
    assert live.address is not None
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(base_url=live.address, headers=headers, timeout=30, trust_env=False) as http:
        yield Prober(http, live.platform.engine)
