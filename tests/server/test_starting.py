"""Starting the platform where something is in the way ends in one clear sentence, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.process import listening
from server.settings import default_data_dir, load_settings

WRENCHAI = Path(sys.executable).with_name("wrenchai")


def up(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """``wrenchai up``, expected to end by itself."""
    environment = {**os.environ, "WRENCHAI_DATA_DIR": str(tmp_path / "data"), "WRENCHAI_PORT": "0", **variables}
    return subprocess.run(
        [WRENCHAI, "up"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )


def complaint(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence it ended with."""
    complaints = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert len(complaints) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return complaints[0]


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = up(tmp_path, WRENCHAI_PORT=str(port))
    assert ended.returncode == 69
    assert f"127.0.0.1:{port} is taken, perhaps by a WrenchAI that is running already" in complaint(ended)
    assert not (tmp_path / "data").exists()


def test_an_unreachable_database_is_told_without_its_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = up(tmp_path, WRENCHAI_DATABASE_URL=f"postgresql://me:hunter2@127.0.0.1:{port}/wrenchai")
    assert ended.returncode == 69
    assert f"127.0.0.1:{port}" in complaint(ended)
    assert "hunter2" not in ended.stderr


def test_a_data_folder_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wrenchai-version").write_text("99.0.0\n")
    ended = up(tmp_path)
    assert ended.returncode == 69
    assert "99.0.0" in complaint(ended)
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_setting_that_cannot_be_used_names_its_variable(tmp_path: Path) -> None:
    ended = up(tmp_path, WRENCHAI_HOST="0.0.0.0")
    assert ended.returncode == 78
    assert "WRENCHAI_HOST" in complaint(ended)


def test_responses_do_not_wait_for_nagle() -> None:
    # asyncio sets TCP_NODELAY on connections whose socket says that it is TCP, and on no other.
    with listening(load_settings(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_an_empty_data_folder_setting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRENCHAI_DATA_DIR", "")
    assert load_settings().data_dir == default_data_dir()
