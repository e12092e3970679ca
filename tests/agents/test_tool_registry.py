"""The registry of tools, the venvs of those that pin, and what verification finds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agents.toolbox import Toolbox
from agents.toolbox.known import ALL_TOOLS, KNOWN_TOOLS, OWN_VENV_TOOLS, OwnVenv
from agents.toolbox.own_venvs import NotInstalled, OwnVenvs
from agents.toolbox.registry import ToolRegistry
from agents.toolbox.verify import verify
from domain.tool import ToolKind, ToolStatus

READING = {"browser", "database", "database_monitoring", "docker", "github", "web_fetch", "web_search"}
WRITING = {"browser_write", "database_write", "docker_run", "github_write"}
OUTSIDE = READING | WRITING
CODESPELL = OWN_VENV_TOOLS["codespell"].own_venv or OwnVenv(requirement="")


async def test_every_tool_is_listed_with_what_is_known_of_it(tmp_path: Path) -> None:
    facts = {one.name: one for one in await ToolRegistry(Toolbox(OwnVenvs(tmp_path))).all()}
    assert facts.keys() >= {*ALL_TOOLS, "code_execution", "test_runner", *OUTSIDE}
    assert {facts[name].status for name in KNOWN_TOOLS} == {ToolStatus.AVAILABLE}
    checkov = facts["checkov"]
    assert (checkov.status, checkov.version, checkov.install_hint) == (
        ToolStatus.MISSING,
        None,
        "wrenchai tools install checkov",
    )
    assert {one.code: one.meaning for one in facts["vulture"].exit_codes}[3] == "findings"
    fetch = facts["web_fetch"]
    assert (fetch.kind, fetch.side_effects, fetch.repeatable) == (ToolKind.TYPED, ("NETWORK",), True)
    assert fetch.arguments_schema is not None
    assert fetch.result_schema is not None
    assert set(fetch.arguments_schema["properties"]) == {"url", "timeout_seconds", "max_bytes"}
    assert "sha256" in fetch.result_schema["properties"]


async def test_tools_that_change_what_belongs_to_others_say_so_and_are_not_repeated() -> None:
    facts = {one.name: one for one in await ToolRegistry(Toolbox()).all()}
    assert {(facts[name].side_effects, facts[name].repeatable) for name in READING} == {(("NETWORK",), True)}
    assert {(facts[name].side_effects, facts[name].repeatable) for name in WRITING} == {
        (("NETWORK", "CHANGES_OTHERS"), False)
    }


async def test_every_example_is_one_that_the_tool_takes() -> None:
    typed = ToolRegistry(Toolbox()).typed
    for name in OUTSIDE - {"web_fetch"}:
        model = typed[name].arguments_model
        examples = model.model_json_schema()["examples"]
        assert examples
        for example in examples:
            model.model_validate(example)


async def test_a_typed_tool_whose_packages_are_missing_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = ToolRegistry(Toolbox())
    with monkeypatch.context() as without:
        without.setattr("agents.tools.docker.daemon.find_spec", lambda _: None)
        docker = {one.name: one for one in await registry.all()}["docker"]
    assert docker.status is ToolStatus.MISSING
    assert "wrenchai[docker]" in (docker.install_hint or "")
    assert {one.name: one for one in await registry.all()}["docker"].status is ToolStatus.AVAILABLE


async def test_a_typed_tool_that_cannot_be_loaded_is_broken_and_takes_nothing_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "bad_tools-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-tools\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[wrenchai.tools]\nbad = no_such_module:Tool\nworse = os:getcwd\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = ToolRegistry(Toolbox())
    found = {one.name: one for one in await registry.all()}
    assert found["bad"].status is found["worse"].status is ToolStatus.BROKEN
    assert "ModuleNotFoundError" in (found["bad"].problem or "")
    assert "web_fetch" in registry.typed


async def test_the_tools_that_are_here_pass_their_trials() -> None:
    toolbox = Toolbox()
    found = await verify(ToolRegistry(toolbox), toolbox)
    assert [(one.name, one.problem) for one in found if one.status is ToolStatus.BROKEN] == []


async def test_a_program_that_does_something_else_is_broken(tmp_path: Path) -> None:
    venvs = OwnVenvs(tmp_path)
    program = tmp_path / "codespell" / "bin" / "codespell"
    program.parent.mkdir(parents=True)
    (tmp_path / "codespell" / "installed.json").write_text("{}")
    toolbox = Toolbox(venvs)
    for script, problem in (
        ("#!/bin/sh\necho 2.4.3\n", "ended with exit code 0 (nothing to report), not 65"),
        ("#!/bin/sh\necho 2.4.3; [ $1 = --version ] || exit 65\n", "did not find 'language'"),
        ("#!/bin/sh\necho 2.4.3; exit 3\n", "ended with exit code 3 (a failure), not 0"),
        ("#!/no/such/interpreter\n", "does not say its version"),
    ):
        program.write_text(script)
        program.chmod(0o755)
        [facts] = await verify(ToolRegistry(Toolbox(venvs)), toolbox, "codespell")
        assert facts.status is ToolStatus.BROKEN
        assert problem in (facts.problem or "") or "cannot be started" in (facts.problem or "")
    with pytest.raises(KeyError):
        await verify(ToolRegistry(toolbox), toolbox, "nonsense")


def test_an_installation_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    program = tmp_path / "codespell" / "bin" / "codespell"
    program.parent.mkdir(parents=True)
    program.touch()
    assert OwnVenvs(tmp_path).program("codespell") is None
    assert Toolbox(OwnVenvs(tmp_path)).find("codespell") is None


@pytest.mark.verify
async def test_a_real_tool_is_installed_once_and_works(tmp_path: Path) -> None:
    venvs = OwnVenvs(tmp_path)
    places: list[Path] = []
    both = [threading.Thread(target=lambda: places.append(venvs.install("codespell", CODESPELL))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert places == [tmp_path / "codespell" / "bin" / "codespell"] * 2
    toolbox = Toolbox(venvs)
    [facts] = await verify(ToolRegistry(toolbox), toolbox, "codespell")
    assert (facts.status, facts.version, facts.problem) == (ToolStatus.AVAILABLE, "2.4.3", None)
    wrong = OwnVenv(requirement=CODESPELL.requirement, hashes=("sha256:" + "0" * 64,))
    with pytest.raises(NotInstalled, match=r"(?i)hash"):
        OwnVenvs(tmp_path / "other").install("codespell", wrong)
