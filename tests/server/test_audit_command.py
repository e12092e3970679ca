"""``wrenchai audit`` on real folders, as a process: what it prints and the code it ends with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli.first_audit import SAMPLE

WRENCHAI = Path(sys.executable).with_name("wrenchai")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit-command")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return folder


def audit(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WRENCHAI_DATA_DIR": str(home / "data"), "WRENCHAI_PORT": "0"}
    return subprocess.run(
        [WRENCHAI, "audit", *arguments],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_the_sample_fails_the_gate_and_says_what_was_left_out(home: Path) -> None:
    sample = shutil.copytree(SAMPLE, home / "sample")
    sarif = home / "audit.sarif"
    first = audit(home, str(sample), "--sarif", str(sarif))
    assert first.returncode == 1, first.stderr
    assert "quality gate failed" in first.stdout
    assert "not analysed:" in first.stdout
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    again = audit(home, str(sample), "--format", "json")
    assert again.returncode == 0, again.stderr
    assert sum(json.loads(again.stdout)["result"]["new"].values()) == 0


def test_a_folder_with_a_blob_alone_is_audited_and_says_that_nothing_was(home: Path) -> None:
    blob = home / "blob"
    blob.mkdir()
    (blob / "cover.bin").write_bytes(bytes(range(256)) * 64)
    ended = audit(home, str(blob))
    assert ended.returncode == 0, ended.stderr
    assert "Nothing was analysed" in ended.stdout
    assert "cover.bin (all)" in ended.stdout


@pytest.mark.parametrize("target", ["missing", "file.py"])
def test_what_is_no_folder_is_refused_in_a_sentence(home: Path, target: str) -> None:
    (home / "file.py").touch()
    ended = audit(home, str(home / target))
    assert ended.returncode == 2
    assert "name the folder with your code" in " ".join(ended.stderr.replace("│", " ").split())
    assert "Traceback" not in ended.stderr
