"""Dead code by vulture, kept to what nothing in the whole source mentions."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from pathlib import Path

from agents.contract import Step
from agents.inspector.engine import Audit, EngineResult, run_program, unparsed_by, whole
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.severity import Severity

MIN_CONFIDENCE = 60
"""Vulture's own scale: 100 for code that cannot run, 60 for a function, class or method that no code names."""

HOOKS = "upgrade,downgrade"
"""Functions that Alembic calls in its migrations by their names."""

_LINE = re.compile(
    r"^(?P<path>.+?\.py):(?P<line>\d+): (?P<what>[^\n]+?) \(\d+% confidence, (?P<size>\d+) lines?\)$",
    re.MULTILINE | re.DOTALL,
)
_UNUSED = re.compile(r"unused (?P<kind>function|class|method) '(?P<name>\w+)'")
_CANNOT_RUN = "unreachable code"
_METHOD = "unused method"
_DOCUMENTATION = "https://github.com/jendrikseipp/vulture#readme"


class DeadCode:
    """Reports code after a return, and functions, classes and private methods whose names occur nowhere else.

    Left out on purpose, because they are vulture's usual false alarms: attributes and variables (fields of data
    classes, columns, enumerations), unused arguments (fixed by an interface), imports (ruff reports them), public
    methods (called through a subclass or a framework), methods of classes with bases (a base may call them), whatever
    is decorated (registered somewhere) or named in a string, a template, the configuration or the documentation, and
    test code.
    """

    name = EngineName.DEAD_CODE
    languages = (Language.PYTHON,)
    programs = ("vulture",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Run vulture over all modules together: a use anywhere counts, in tests too."""
        paths = audit.inventory.parsed()
        async with staged(audit.root, paths, audit.scratch) as stage:
            options = [f"--min-confidence={MIN_CONFIDENCE}", "--ignore-decorators=@*", f"--ignore-names={HOOKS}"]
            answer = await step.tool("vulture", [*options, "--sort-by-size", "."], cwd=stage, accept=frozenset({0, 3}))
            found = [match.groupdict() for match in _LINE.finditer(whole(answer, "vulture"))]
            candidates = await _candidates(step, stage, found, include_tests=audit.inputs.include_tests)
            names = sorted({match["name"] for item in candidates if (match := _UNUSED.match(item["what"]))})
            request = {"names": names, "files": [*paths, *audit.inventory.texts]}
            mentioned = set(await run_program(step, "mentions", request, audit.root))
            drafts = await asyncio.to_thread(_drafts, stage, candidates, mentioned)
        return EngineResult(files=len(paths), drafts=drafts, not_analysed=unparsed_by(self.name, audit.inventory))


async def _candidates(
    step: Step, stage: Path, found: list[dict[str, str]], *, include_tests: bool
) -> list[dict[str, str]]:
    """What vulture found, without what is left out by its kind, its place or the class it is in."""
    chosen = [item for item in found if _is_candidate(item, include_tests=include_tests)]
    methods: dict[str, list[int]] = defaultdict(list)
    for item in chosen:
        if item["what"].startswith(_METHOD):
            methods[item["path"]].append(int(item["line"]))
    inherited = await run_program(step, "class_bases", methods, stage) if methods else {}
    return [
        item
        for item in chosen
        if not (item["what"].startswith(_METHOD) and int(item["line"]) in inherited[item["path"]])
    ]


def _drafts(stage: Path, candidates: list[dict[str, str]], mentioned: set[str]) -> list[FindingDraft]:
    drafts = []
    for item in candidates:
        match = _UNUSED.match(item["what"])
        if match is None:
            drafts.append(_draft(stage, item, "unreachable-code", Severity.MEDIUM, f"{item['what']}: it never runs"))
        elif match["name"] not in mentioned:
            message = f"nothing uses the {match['kind']} `{match['name']}`: no code, text or configuration names it"
            # A public name may be there for other sources, a private one is for this source only.
            severity = Severity.LOW if match["name"].startswith("_") else Severity.INFO
            drafts.append(_draft(stage, item, f"unused-{match['kind']}", severity, message))
    return drafts


def _is_candidate(item: dict[str, str], *, include_tests: bool) -> bool:
    if is_beside_the_product(item["path"]) and not include_tests:
        return False
    match = _UNUSED.match(item["what"])
    if match is None:
        return item["what"].startswith(_CANNOT_RUN)
    name = match["name"]
    special = name.startswith("__") and name.endswith("__")
    return not special and (match["kind"] != "method" or name.startswith("_"))


def _draft(stage: Path, item: dict[str, str], rule: str, severity: Severity, message: str) -> FindingDraft:
    line = int(item["line"])
    lines = split_lines((stage / item["path"]).read_text("utf-8-sig"))
    return FindingDraft(
        engine=EngineName.DEAD_CODE,
        rule=rule,
        severity=severity,
        message=message,
        location=Location(path=item["path"], start_line=line, end_line=line + int(item["size"]) - 1),
        snippet="".join(lines[line - 1 : line]),
        help_url=_DOCUMENTATION,
    )
