"""YAML files, read by a stand-alone program on the parser of PyYAML."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from agents.contract import Step
from agents.inspector.engine import Audit, EngineResult, call_in_halves, run_program
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

_HELP = "https://yaml.org/spec/1.2.2/"
_SEVERITIES = {
    "syntax-error": Severity.HIGH,  # whoever loads it fails
    "undefined-alias": Severity.HIGH,  # the same
    "alias-bomb": Severity.HIGH,  # whoever loads it runs out of memory
    "duplicate-key": Severity.MEDIUM,  # section 3.2.1.1 forbids it; most loaders take the last one in silence
    "object-tag": Severity.MEDIUM,  # runs code where the loader is not a safe one
}


class Yaml:
    """Reports what no loader takes, keys whose first value is lost, and what is there to harm a loader."""

    name = EngineName.YAML
    languages = (Language.YAML,)
    programs = ("python",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Check every file; what a test has broken on purpose is worth LOW."""
        paths = audit.inventory.of(*self.languages)
        found: list[dict[str, Any]] = []
        refused: dict[str, str] = {}

        async def check(part: list[str]) -> None:
            answer = await run_program(step, "yaml_check", part, audit.root)
            found.extend(answer["findings"])
            refused.update(answer["refused"])

        refused |= dict(await call_in_halves(paths, check))
        drafts = await asyncio.to_thread(lambda: [_draft(audit.root, one) for one in found])
        not_analysed = [
            NotAnalysed(path=path, engine=self.name, reason=reason) for path, reason in sorted(refused.items())
        ]
        return EngineResult(files=len(paths) - len(refused), drafts=drafts, not_analysed=not_analysed)


def _draft(root: Path, problem: dict[str, Any]) -> FindingDraft:
    path, rule, line = problem["path"], problem["rule"], problem["line"]
    syntax = rule == "syntax-error"
    return FindingDraft(
        engine=EngineName.YAML,
        rule=rule,
        severity=Severity.LOW if is_beside_the_product(path) else _SEVERITIES[rule],
        message=f"this is not YAML: {problem['message']}" if syntax else problem["message"],
        location=Location(path=path, start_line=line, end_line=line, start_column=problem["column"]),
        # A broken file stays one finding while its author moves the error about.
        snippet=rule if syntax else _line(root / path, line),
        help_url=_HELP,
    )


def _line(file: Path, number: int) -> str:
    return "".join(split_lines(file.read_text("utf-8-sig"))[number - 1 : number])
