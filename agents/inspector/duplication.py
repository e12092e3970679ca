"""Duplicated code: runs of equal lines, compared token by token by a stand-alone program."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agents.contract import Step
from agents.inspector.engine import Audit, EngineResult, run_program, unparsed_by
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from domain.finding import FindingDraft, Location
from domain.severity import Severity

TOKENS_PER_LINE = 10
"""SonarQube asks for 100 tokens in 10 lines; so short lines, such as those of a literal, need a longer run."""

MUCH = 40
"""From so many lines on a duplicate is worth MEDIUM: a mistake mended in one place stays in the other."""


class Duplication:
    """Reports each run of equal code once, at the later place, naming the earlier one."""

    name = EngineName.DUPLICATION
    languages = (Language.PYTHON,)
    programs = ("python",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Compare all modules; tests and examples, which repeat themselves on purpose, only if the inputs say so."""
        inputs = audit.inputs
        paths = [path for path in audit.inventory.parsed() if inputs.include_tests or not is_beside_the_product(path)]
        request = {
            "files": paths,
            "min_lines": inputs.min_duplicate_lines,
            "min_tokens": inputs.min_duplicate_lines * TOKENS_PER_LINE,
        }
        runs = await run_program(step, "duplicates", request, audit.root)
        drafts = await asyncio.to_thread(lambda: [_draft(audit.root, run) for run in runs])
        return EngineResult(
            files=len(paths),
            drafts=drafts,
            not_analysed=unparsed_by(self.name, audit.inventory),
            duplicated_lines=_lines_of(runs),
        )


def _lines_of(runs: Iterable[dict[str, Any]]) -> int:
    """How many lines of the source are in a duplicated run, in either place."""
    places = [run[side] for run in runs for side in ("first", "second")]
    return len({(place["path"], line) for place in places for line in range(place["start"], place["end"] + 1)})


def _draft(root: Path, run: dict[str, Any]) -> FindingDraft:
    first, second = run["first"], run["second"]
    earlier = f"{first['path']}:{first['start']}-{first['end']}"
    return FindingDraft(
        engine=EngineName.DUPLICATION,
        rule="duplicated-code",
        severity=Severity.MEDIUM if run["lines"] >= MUCH else Severity.LOW,
        message=f"{run['lines']} lines of code equal those of {earlier}; share them",
        location=Location(path=second["path"], start_line=second["start"], end_line=second["end"]),
        snippet=f"{first['path']} {_digest(root / second['path'], second)}",
    )


def _digest(file: Path, place: dict[str, Any]) -> str:
    """What names the duplicated text wherever its lines move."""
    lines = split_lines(file.read_text("utf-8-sig"))[place["start"] - 1 : place["end"]]
    return hashlib.sha256(" ".join("".join(lines).split()).encode()).hexdigest()[:16]
