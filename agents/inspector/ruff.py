"""Ruff: bugs, security and dead imports, with fixes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agents.contract import Step
from agents.inspector.autofix import edited, unified_diff
from agents.inspector.engine import Audit, EngineResult, call_in_halves, in_chunks, parse_json, whole
from agents.inspector.inputs import EngineName, InspectorInputs
from agents.inspector.languages import Language
from agents.inspector.re_exports import UNUSED_IMPORT, keeping_re_exports
from agents.inspector.ruff_rules import (
    IGNORE,
    IGNORE_BESIDE_THE_PRODUCT,
    IGNORE_IN_PACKAGE_INIT,
    SAME_THING,
    SELECT,
    severity_of,
)
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import BOM, split_lines
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed

_FOUND_SOMETHING = frozenset({0, 1})
_SYNTAX = "invalid-syntax"


class Ruff:
    """Runs ruff on a staged copy, so that only our rules count, and turns its JSON into findings and patches."""

    name = EngineName.RUFF
    languages = (Language.PYTHON,)
    programs = ("ruff",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Check every module and stub that can be read, then collect what the safe fixes change."""
        paths = [*(file.path for file in audit.inventory.files), *audit.inventory.stubs]
        async with staged(audit.root, paths, audit.scratch) as stage:
            violations, deadly = await _check(step, stage, paths, audit.inputs)
            found = await asyncio.to_thread(_findings, stage, violations)
            drafts = await keeping_re_exports(step, stage, paths, found)
        patch = await _patch(audit, step, drafts)
        not_analysed = [NotAnalysed(path=path, engine=self.name, reason=reason) for path, reason in deadly]
        return EngineResult(files=len(paths) - len(deadly), drafts=drafts, not_analysed=not_analysed, patch=patch)


def arguments(inputs: InspectorInputs, *, beside_the_product: bool, without: tuple[str, ...] = ()) -> list[str]:
    """Ruff's arguments for an audit, without the files: our rules, nobody's configuration."""
    ignored = [*IGNORE, *(IGNORE_BESIDE_THE_PRODUCT if beside_the_product else ()), *without]
    in_init = [f"__init__.py:{rule}" for rule in IGNORE_IN_PACKAGE_INIT]
    return [
        "check",
        "--isolated",
        "--no-cache",
        f"--select={','.join(SELECT)}",
        f"--ignore={','.join(ignored)}",
        f"--per-file-ignores={','.join(in_init)}",
        *([] if inputs.honour_noqa else ["--ignore-noqa"]),
    ]


async def _check(
    step: Step, stage: Path, paths: list[str], inputs: InspectorInputs
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The violations as ruff reports them, and the files it dies of."""
    violations: list[dict[str, Any]] = []
    deadly: list[tuple[str, str]] = []
    for beside_the_product, group in _grouped(paths):
        options = [*arguments(inputs, beside_the_product=beside_the_product), "--output-format=json"]

        async def check(part: list[str], options: list[str] = options) -> None:
            result = await step.tool("ruff", [*options, *part], cwd=stage, accept=_FOUND_SOMETHING)
            violations.extend(parse_json(whole(result, "ruff"), "ruff"))

        for chunk in in_chunks(group):
            deadly += await call_in_halves(chunk, check)
    return violations, deadly


def _grouped(paths: Iterable[str]) -> list[tuple[bool, list[str]]]:
    groups: dict[bool, list[str]] = {False: [], True: []}
    for path in paths:
        groups[is_beside_the_product(path)].append(path)
    return list(groups.items())


def _findings(stage: Path, violations: list[dict[str, Any]]) -> list[FindingDraft]:
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    root = stage.resolve()
    for violation in violations:
        by_file[Path(violation["filename"]).resolve().relative_to(root).as_posix()].append(violation)
    drafts: list[FindingDraft] = []
    for path, found in sorted(by_file.items()):
        text = _read(stage / path)
        lines = split_lines(text.removeprefix(BOM))
        drafts += [_draft(path, text, lines, violation) for violation in _without_repetition(found)]
    return drafts


def _without_repetition(violations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One violation for each thing: the first syntax error of a file, one of those that say the same of a line."""
    syntax = [violation for violation in violations if violation["code"] == _SYNTAX]
    if syntax:
        return [min(syntax, key=lambda violation: (violation["location"]["row"], violation["location"]["column"]))]
    codes: dict[int, set[str]] = defaultdict(set)
    for violation in violations:
        codes[violation["location"]["row"]].add(violation["code"])
    return [
        violation
        for violation in violations
        if not _said_better(violation["code"], codes[violation["location"]["row"]])
    ]


def _said_better(code: str, on_line: set[str]) -> bool:
    return any(code in group and not on_line.isdisjoint(group[: group.index(code)]) for group in SAME_THING)


def _draft(path: str, text: str, lines: list[str], violation: dict[str, Any]) -> FindingDraft:
    code, start, end = violation["code"], violation["location"], violation["end_location"]
    ends_before = end["column"] == 1 and end["row"] > start["row"]
    fix = violation["fix"]
    safe = fix is not None and fix["applicability"] == "safe"
    return FindingDraft(
        engine=EngineName.RUFF,
        rule=code,
        severity=severity_of(code, violation["message"]),
        message=violation["message"],
        location=Location(
            path=path,
            start_line=start["row"],
            end_line=end["row"] - 1 if ends_before else end["row"],
            start_column=start["column"],
            end_column=None if ends_before else end["column"],
        ),
        # A broken file stays one finding while its author moves the error about.
        snippet=_SYNTAX if code == _SYNTAX else "".join(lines[start["row"] - 1 : start["row"]]),
        help_url=violation["url"],
        fix=unified_diff(path, text, edited(text, fix["edits"])) or None if safe else None,
    )


async def _patch(audit: Audit, step: Step, drafts: list[FindingDraft]) -> str:
    """One diff of everything ruff's safe fixes change, until it finds nothing more to fix."""
    paths = sorted({draft.location.path for draft in drafts if draft.fix})
    keeps_imports = set(paths) - {draft.location.path for draft in drafts if draft.rule == UNUSED_IMPORT and draft.fix}
    async with staged(audit.root, paths, audit.scratch, changed=True) as stage:
        for beside_the_product, group in _grouped(paths):
            for without in ((), (UNUSED_IMPORT,)):
                options = arguments(audit.inputs, beside_the_product=beside_the_product, without=without)
                for chunk in in_chunks([path for path in group if (path in keeps_imports) == bool(without)]):
                    fix = [*options, "--fix-only", "--quiet", *chunk]
                    await step.tool("ruff", fix, cwd=stage, accept=_FOUND_SOMETHING)
        return await asyncio.to_thread(
            lambda: "".join(unified_diff(path, _read(audit.root / path), _read(stage / path)) for path in paths)
        )


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")
