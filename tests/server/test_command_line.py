"""``wrenchai`` as a program: its commands, its sentences and its exit codes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from domain.errors import StoreRefused
from server import cli
from server.cli.exit_codes import ExitCode

ROOT = Path(__file__).parents[2]


def wrenchai(*arguments: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    return subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**ours, "WRENCHAI_DATA_DIR": str(data_dir), "WRENCHAI_PORT": "0", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(result: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str, str | None]]:
    checks = json.loads(result.stdout)["checks"]
    return {check["name"]: (check["health"], check["detail"], check["mend"]) for check in checks}


def test_exit_codes_are_those_that_are_documented() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0, "FAILED": 1, "USAGE": 2, "EXECUTION": 3, "UNAVAILABLE": 69, "INTERNAL": 70, "INPUT_OUTPUT": 74,
        "TEMPORARY": 75, "PERMISSION": 77, "CONFIGURATION": 78, "INTERRUPTED": 130,
    }  # fmt: skip


def test_config_for_programs(tmp_path: Path) -> None:
    result = wrenchai("config", "--json", data_dir=tmp_path, WRENCHAI_REDIS_URL="redis://:hush@h/0")
    assert result.returncode == ExitCode.OK
    shown = {setting["variable"]: setting for setting in json.loads(result.stdout)}
    assert shown["WRENCHAI_DATA_DIR"]["value"] == str(tmp_path)
    assert shown["WRENCHAI_DATA_DIR"]["origin"] == "environment"
    assert shown["WRENCHAI_HOST"] == {
        "variable": "WRENCHAI_HOST",
        "value": "127.0.0.1",
        "origin": "default",
        "description": "The address to listen on; for now only one of this machine itself.",
    }
    assert "hush" not in result.stdout


def test_config_for_people(tmp_path: Path) -> None:
    result = wrenchai("config", data_dir=tmp_path, WRENCHAI_DATABASE_URL="postgresql://me:hush@h/d")
    assert result.returncode == ExitCode.OK
    assert "postgresql://me:********@h/d" in result.stdout
    assert "hush" not in result.stdout


@pytest.mark.parametrize("command", ["config", "doctor"])
def test_bad_setting_is_one_sentence_and_78(tmp_path: Path, command: str) -> None:
    result = wrenchai(command, data_dir=tmp_path, WRENCHAI_HOST="0.0.0.0")
    assert result.returncode == ExitCode.CONFIGURATION
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: WRENCHAI_HOST cannot be used: '0.0.0.0' is not an address of this machine")


def test_unknown_command_is_2(tmp_path: Path) -> None:
    assert wrenchai("nonsense", data_dir=tmp_path).returncode == ExitCode.USAGE


def test_help_names_the_commands(tmp_path: Path) -> None:
    result = wrenchai("--help", data_dir=tmp_path)
    assert result.returncode == ExitCode.OK
    assert all(name in result.stdout for name in ("config", "doctor"))


def test_doctor_finds_this_machine_fit_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "not-yet"
    result = wrenchai("doctor", "--json", data_dir=folder)
    found = health(result)
    assert result.returncode == ExitCode.OK, result.stdout
    assert json.loads(result.stdout)["ok"] is True
    assert found["PostgreSQL"][1].startswith("18.")
    assert found["tool ruff"][0] == "ok"
    assert found["modules"] == ("ok", "nothing installed clashes with ours", None)
    assert {"Python", "data folder", "port", "sandbox", "web console", "clock", "tool git"} <= found.keys()
    assert not folder.exists()


def test_doctor_says_who_has_the_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = wrenchai("doctor", "--json", data_dir=tmp_path, WRENCHAI_PORT=str(port))
    state, detail, mend = health(result)["port"]
    assert (result.returncode, state) == (ExitCode.FAILED, "error")
    assert detail.startswith(f"{port} is taken by ")
    assert f"(pid {os.getpid()})" in detail
    assert mend == "end it, or set WRENCHAI_PORT to another"


def test_doctor_says_what_does_not_answer_and_what_is_misspelt(tmp_path: Path) -> None:
    nobody = free_port()
    result = wrenchai(
        "doctor", "--json", data_dir=tmp_path,
        WRENCHAI_DATABASE_URL=f"postgresql://me:hush@127.0.0.1:{nobody}/d",
        WRENCHAI_REDIS_URL=f"redis://:hush@127.0.0.1:{nobody}/0",
        WRENCHAI_SANDBOX="none", WRENCHAI_PROT="1",
    )  # fmt: skip
    found = health(result)
    assert result.returncode == ExitCode.FAILED
    assert found["PostgreSQL"][0] == found["Redis"][0] == "error"
    assert f"127.0.0.1:{nobody}/d cannot be reached (connection refused)" in found["PostgreSQL"][1]
    assert found["sandbox"][0] == "warning"
    assert "is refused" in found["sandbox"][1]
    assert found["settings"][1] == "unknown: WRENCHAI_PROT (did you mean WRENCHAI_PORT?)"
    assert "hush" not in result.stdout


def test_doctor_refuses_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = wrenchai("doctor", data_dir=tmp_path / "file")
    assert result.returncode == ExitCode.FAILED
    assert "is a file" in result.stdout
    assert "→ set WRENCHAI_DATA_DIR to a folder" in result.stdout


def test_open_data_folder_is_a_warning_with_the_command(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    result = wrenchai("doctor", "--json", data_dir=tmp_path)
    assert result.returncode == ExitCode.OK
    assert health(result)["data folder"][2] == f"chmod go-rw {tmp_path}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["@missing.graphql"], "missing.graphql cannot be read: No such file or directory."),
        (["@binary"], "binary does not hold UTF-8 text."),
        (["{ viewer }", "--variables", "@missing.json"], "missing.json cannot be read: No such file or directory."),
    ],
)
def test_a_document_that_cannot_be_read_is_one_sentence_and_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "binary").write_bytes(b"\x80\xff")
    placed = [one.replace("@", f"@{tmp_path}/") for one in arguments]
    result = wrenchai("graphql", *placed, data_dir=tmp_path / "data")
    assert result.returncode == ExitCode.USAGE
    assert sentence in result.stderr
    assert "made a mistake" not in result.stderr


def test_tables_are_not_folded_where_there_is_no_screen() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    program = "from server.cli.console import output; print(output.width)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.stdout == "200\n"


@pytest.mark.parametrize("error", [StoreRefused(), IntegrityError("SELECT hush", {"a": "hush"}, Exception("hush"))])
def test_a_statement_that_the_database_refused_is_a_sentence(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRENCHAI_LOG_LEVEL", raising=False)
    assert cli._explain(error) is ExitCode.INTERNAL
    said = capsys.readouterr().err
    assert "The database refused a statement" in said
    assert "hush" not in said
