"""An audit that no worker takes says so, and is given up on with the task still queued."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.cli.first_audit import SAMPLE, first_audits
from server.client.audit import PROJECTS, start_audit, until_taken
from server.client.graphql_client import GraphQLClient, NobodyTakes
from server.process import Running, running
from server.security.local_token import LocalToken
from server.settings import Settings, load_settings

STATUS = "query ($id: ID!) { execution(id: $id) { status } }"


@pytest.fixture
def folder_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("waiting")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return load_settings(data_dir=folder / "data", port=0, source_roots=(folder,), lease_seconds=2)


async def test_a_dispatched_audit_without_a_worker_says_so_and_goes_on_when_one_comes(
    folder_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = folder_settings.source_roots[0] / "work"
    shutil.copytree(SAMPLE, work)
    monkeypatch.chdir(work)
    said: list[str] = []
    async with running(folder_settings, api=True, worker=False, migrate=True) as here, _client(here) as client:
        started = await start_audit(client, str(work), None, {})
        with pytest.raises(NobodyTakes, match="stays queued"):
            await until_taken(client, started.execution_id, said.append, patience=1)
        assert said == ["No worker is there that could take it: start one with `wrenchai worker`."]
        assert (await client.query(STATUS, {"id": started.execution_id}))["execution"]["status"] == "QUEUED"
    # A start with a worker goes on with the audit that was left, and makes no second one.
    async with running(folder_settings, api=True, worker=True, migrate=True) as here:
        await first_audits(here)
        async with _client(here) as client:
            projects = (await client.query(PROJECTS))["projects"]["nodes"]
    (mine,) = [project for project in projects if project["source"]["location"] == str(work)]
    assert mine["tasks"]["nodes"][0]["latestExecution"]["id"] == started.execution_id
    assert mine["tasks"]["nodes"][0]["latestExecution"]["status"] == "SUCCEEDED"


def _client(here: Running) -> GraphQLClient:
    return GraphQLClient(here.address or "", LocalToken.read(here.platform.settings.data_dir).value)


def test_the_sample_ships_with_the_platform() -> None:
    assert Path(SAMPLE / "pyproject.toml").is_file()
