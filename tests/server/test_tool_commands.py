"""``wrenchai tools`` and ``wrenchai secrets`` as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli.exit_codes import ExitCode
from tests.faults.ground import Ground, new_ground


def wrenchai(*arguments: str, data_dir: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    return subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", *arguments],
        env={**ours, "WRENCHAI_DATA_DIR": str(data_dir), "COLUMNS": "200", **settings},
        cwd=data_dir.parent,
        capture_output=True,
        text=True,
        timeout=120,
        input=stdin,
    )


def test_tools_are_listed_for_people_and_programs(tmp_path: Path) -> None:
    shown = wrenchai("tools", "list", data_dir=tmp_path)
    assert shown.returncode == ExitCode.OK
    assert "wrenchai tools install checkov" in shown.stdout
    listed = {one["name"]: one for one in json.loads(wrenchai("tools", "list", "--json", data_dir=tmp_path).stdout)}
    assert listed["git"]["exitCodes"]["128"] == "it refused or failed"
    assert listed["code_execution"]["kind"] == "TYPED"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("install", "ruff"), ExitCode.FAILED, "ruff is not installed by WrenchAI: run `pip install ruff`."),
        (("install", "nonsense"), ExitCode.USAGE, "there is no tool of this name"),
        (("verify", "nonsense"), ExitCode.USAGE, "there is no tool of this name"),
        (("verify", "checkov"), ExitCode.FAILED, "missing"),
        (("verify", "ruff"), ExitCode.OK, "available"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    ran = wrenchai("tools", *arguments, data_dir=tmp_path)
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr


@pytest.mark.verify
@pytest.mark.timeout(600)  # each of its commands starts a database server and stops it
async def test_a_secret_is_set_from_standard_input_rotated_and_forgotten() -> None:
    async with new_ground() as ground:
        _walk(ground)


def _walk(ground: Ground) -> None:
    place = ground.data_dir
    value = "correct horse battery staple"
    kept = wrenchai("secrets", "set", "deploy-key", data_dir=place, stdin=f"{value}\n")
    assert (kept.returncode, kept.stdout) == (ExitCode.OK, "")
    [before] = json.loads(wrenchai("secrets", "list", "--json", data_dir=place).stdout)
    assert wrenchai("secrets", "rotate", "--forget", data_dir=place).returncode == ExitCode.OK
    [after] = json.loads(wrenchai("secrets", "list", "--json", data_dir=place).stdout)
    assert before["keyId"] != after["keyId"]
    assert len((place / "secrets-key").read_text().split()) == 1
    for arguments, stdin, code, said in (
        (("set", "x"), "short\n", ExitCode.EXECUTION, "at least 6 characters"),
        (("set", "a/b"), value, ExitCode.EXECUTION, "A secret's name has"),
        (("delete", "nope"), "", ExitCode.EXECUTION, "There is no secret"),
        (("delete", "deploy-key"), "", ExitCode.OK, "forgot deploy-key"),
    ):
        ran = wrenchai("secrets", *arguments, data_dir=place, stdin=stdin)
        assert (ran.returncode, said in ran.stderr, value in ran.stderr) == (code, True, False)
    assert json.loads(wrenchai("secrets", "list", "--json", data_dir=place).stdout) == []
    refused = wrenchai("secrets", "rotate", data_dir=place, WRENCHAI_SECRETS_KEY="hush-hush")
    assert refused.returncode == ExitCode.CONFIGURATION
    assert "hush-hush" not in refused.stderr
