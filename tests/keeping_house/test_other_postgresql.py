"""From an older PostgreSQL to the embedded one: the way across a new major is a backup and a restore."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from persistence.embedded.account import ServerAccount, server_account
from persistence.embedded.programs import server_version
from tests.faults.platform_processes import started
from tests.keeping_house.commands import db
from tests.keeping_house.test_backup_and_restore import contents
from tests.streams.test_feeds import new_project

pytestmark = [pytest.mark.verify, pytest.mark.timeout(240)]

SYSTEM = Path("/usr/lib/postgresql")
PROJECTS = "{ projects(first: 5) { nodes { id } } }"


@dataclass(frozen=True)
class OlderServer:
    """A running server of an older major. Its superuser owns the databases of the tests."""

    programs: Path
    socket: Path
    account: ServerAccount

    def run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
            timeout=60,
            check=False,
            **self.account.subprocess_options(),
        )
        assert done.returncode == 0, program

    def new_database(self, name: str) -> dict[str, str]:
        """The settings of a platform on a fresh database."""
        self.run("createdb", "-h", str(self.socket), "-U", "owner", name)
        return {"WRENCHAI_DATABASE_URL": f"postgresql://owner@/{name}?host={self.socket}"}


def older_programs() -> Path:
    ours = int(server_version().split(".")[0])
    majors = [int(path.parent.name) for path in SYSTEM.glob("*/bin") if re.fullmatch(r"\d+", path.parent.name)]
    older = [one for one in majors if 15 <= one < ours]
    if not older:
        pytest.fail(f"This test needs an older PostgreSQL in {SYSTEM}: run `apt-get install postgresql`.")
    return SYSTEM / str(max(older)) / "bin"


@pytest.fixture
def older(folder: Path) -> Iterator[OlderServer]:
    cluster = folder / "older"
    cluster.mkdir()
    account = server_account(cluster)
    account.own(cluster)
    server = OlderServer(older_programs(), cluster, account)
    data = str(cluster / "data")
    server.run("initdb", "-D", data, "-U", "owner", "--auth=trust", "--encoding=UTF8", "--locale=C")
    server.run("pg_ctl", "start", "-w", "-D", data, "-l", f"{cluster}/log", "-o", f"-k {cluster} -h ''")
    try:
        yield server
    finally:
        server.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)


async def test_a_backup_of_an_older_postgresql_is_restored_on_the_embedded_one(
    folder: Path, older: OlderServer
) -> None:
    settings = older.new_database("old")
    upgraded = await db(folder / "old", "upgrade", settings=settings)
    assert upgraded.code == 0, upgraded.said
    async with started("serve", folder / "old", settings) as api, api.client() as caller:
        project = await new_project(caller)
    made = await db(folder / "old", "backup", folder / "backup", settings=settings)
    assert made.code == 0, made.said
    major = older.programs.parent.name
    assert f'"postgresql": "{major}.' in contents(folder / "backup")["wrenchai-backup.json"].decode()
    again = older.new_database("again")
    for data_dir, where in ((folder / "embedded", {}), (folder / "same", again)):
        restored = await db(data_dir, "restore", folder / "backup", settings=where)
        assert restored.code == 0, restored.said
        async with started("serve", data_dir, where) as api, api.client() as caller:
            answer = await caller.query(PROJECTS)
            assert [node["id"] for node in answer["projects"]["nodes"]] == [project]
    refused = await db(folder / "third", "restore", folder / "backup", settings=again)
    assert refused.code == 78
    assert "create an empty database" in refused.said
    assert not (folder / "third").exists()
