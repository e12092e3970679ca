"""Finding tools, and what is known about them."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from agents.sandbox.probe import probe_sandbox
from agents.toolbox import KNOWN_TOOLS, Toolbox, install_hint
from agents.toolbox.known import FINDINGS, OK


def test_tools_are_found_beside_our_python_with_their_version() -> None:
    tool = Toolbox().find("ruff")
    assert tool is not None
    assert tool.path == Path(sys.executable).parent / "ruff"
    assert tool.version == metadata.version("ruff")
    assert tool.facts is KNOWN_TOOLS["ruff"]


def test_program_of_the_system_is_asked_for_its_version() -> None:
    tool = Toolbox().find("git")
    assert tool is not None
    said = subprocess.run([tool.path, "--version"], capture_output=True, text=True, check=True).stdout
    assert tool.version in said
    assert tool.version[0].isdigit()


def test_missing_tool_comes_with_the_command_that_installs_it() -> None:
    toolbox = Toolbox()
    assert toolbox.find("no-such-tool") is None
    assert toolbox.missing(["ruff", "no-such-tool"]) == {
        "no-such-tool": "install no-such-tool so that it is on the PATH"
    }
    assert install_hint("vulture") == "pip install vulture"


def test_tool_that_disappears_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "wrenchai-test-tool"
    program.write_text("#!/bin/sh\necho tool 4.5.6\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    toolbox = Toolbox()
    found = toolbox.find("wrenchai-test-tool")
    assert found is not None
    assert (found.version, found.path) == ("4.5.6", program)
    assert toolbox.find("wrenchai-test-tool") is found
    program.unlink()
    assert toolbox.find("wrenchai-test-tool") is None


async def test_survey_finds_every_tool_of_the_inspector() -> None:
    found = await Toolbox().survey()
    assert found.keys() == KNOWN_TOOLS.keys()
    assert [name for name, tool in found.items() if tool is None] == []


@pytest.mark.parametrize(
    ("name", "arguments", "meaning"),
    [
        ("ruff", ["check", "--isolated", "clean.py"], OK),
        ("ruff", ["check", "--isolated", "dirty.py"], FINDINGS),
        ("vulture", ["clean.py"], OK),
        ("vulture", ["dirty.py"], FINDINGS),
        ("radon", ["cc", "dirty.py"], OK),
        ("complexipy", ["clean.py"], OK),
        ("ruff", ["--nonsense"], None),
        ("vulture", ["--nonsense"], None),
        ("deptry", ["--nonsense"], None),
    ],
)
def test_exit_codes_mean_what_we_say(name: str, arguments: list[str], meaning: str | None, tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text('"""Nothing."""\n')
    (tmp_path / "dirty.py").write_text("import os\n\n\ndef unused(a):\n    b = a\n    return b\n")
    tool = Toolbox().find(name)
    assert tool is not None
    code = subprocess.run([tool.path, *arguments], cwd=tmp_path, capture_output=True, check=False).returncode
    known = KNOWN_TOOLS[name]
    assert (code in known.accepted) is (meaning is not None)
    if meaning is not None:
        assert known.exit_codes[code] == meaning


def test_sandbox_is_probed_by_running_something() -> None:
    probe = probe_sandbox("auto")
    assert probe.findings
    assert all(":" in finding for finding in probe.findings)
    assert (probe.name is not None) == probe.findings[-1].endswith(": works")


def test_no_sandbox_means_none() -> None:
    assert probe_sandbox("none").name is None
