"""An audit that no worker takes says so, and is gone on with by the next start that has a worker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli.first_audit import SAMPLE
from server.client.audit import PROJECTS, start_audit, until_taken
from server.client.graphql_client import GraphQLClient, NobodyTakes
from server.process import running
from server.security.local_token import LocalToken
from server.settings import Settings, load_settings

STATUS = "query ($id: ID!) { execution(id: $id) { status } }"
WRENCHAI = Path(sys.executable).with_name("wrenchai")


@pytest.fixture
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a platform of its own, in a folder that the account of the database can reach."""
    folder = tmp_path_factory.mktemp("waiting")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return load_settings(data_dir=folder / "data", port=0, source_roots=(folder,))


@pytest.mark.verify
async def test_an_audit_without_a_worker_says_so_and_the_next_start_goes_on_with_it(waiting: Settings) -> None:
    work = waiting.source_roots[0] / "work"
    shutil.copytree(SAMPLE, work)
    said: list[str] = []
    async with (
        running(waiting, api=True, worker=False, migrate=True) as here,
        GraphQLClient(here.address or "", LocalToken.read(waiting.data_dir).value) as client,
    ):
        started = await start_audit(client, str(work), None, {})
        with pytest.raises(NobodyTakes, match="stays queued"):
            await until_taken(client, started.execution_id, said.append, patience=1)
        assert said == ["No worker is there that could take it: start one with `wrenchai worker`."]
        assert (await client.query(STATUS, {"id": started.execution_id}))["execution"]["status"] == "QUEUED"
    start_and_stop(waiting, work)
    async with (
        running(waiting, api=True, worker=False, migrate=True) as here,
        GraphQLClient(here.address or "", LocalToken.read(waiting.data_dir).value) as client,
    ):
        projects = (await client.query(PROJECTS))["projects"]["nodes"]
    (mine,) = [project for project in projects if project["source"]["location"] == str(work)]
    latest = mine["tasks"]["nodes"][0]["latestExecution"]
    assert (latest["id"], latest["status"]) == (started.execution_id, "SUCCEEDED")


def start_and_stop(settings: Settings, folder: Path) -> None:
    """``wrenchai up --first-audit`` in the folder, until its audits are done."""
    environment = {**os.environ, "WRENCHAI_DATA_DIR": str(settings.data_dir), "WRENCHAI_PORT": "0"}
    with subprocess.Popen(
        [WRENCHAI, "up", "--first-audit"], env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    ) as up:
        assert up.stderr is not None
        said = []
        for line in up.stderr:
            said.append(line)
            if "Serving until Ctrl-C" in line:
                break
        up.send_signal(signal.SIGINT)
        said.append(up.stderr.read())
        assert up.wait(60) == 0, "".join(said)
