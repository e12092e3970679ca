"""JavaScript and TypeScript by oxlint, a native program: it needs neither Node nor the packages of the source."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from agents.contract import Step, ToolFailure
from agents.inspector.complexity import severity_of_complexity
from agents.inspector.engine import Audit, EngineResult, call_in_halves, in_chunks, parse_json, whole
from agents.inspector.inputs import EngineName
from agents.inspector.javascript_rules import (
    COMPLEXITY,
    INVALID_SYNTAX,
    configuration,
    counts_beside_the_product,
    severity_of,
)
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

_CONFIGURATION = ".oxlintrc.json"
_CODE = re.compile(r"^(?:eslint-plugin-)?(?P<plugin>[\w-]+)\((?P<rule>[\w-]+)\)$")
_PLUGINS = {"eslint": "", "typescript-eslint": "typescript/", "react-hooks": "react/"}
_COMPLEXITY = re.compile(r"complexity of (\d+)")


class JavaScript:
    """Runs oxlint on a staged copy with our rules; a file that cannot be parsed is one finding."""

    name = EngineName.JAVASCRIPT
    languages = (Language.JAVASCRIPT, Language.TYPESCRIPT)
    programs = ("oxlint",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Check every file of both languages."""
        paths = audit.inventory.of(*self.languages)
        diagnostics: list[dict[str, Any]] = []
        unread: list[NotAnalysed] = []
        async with staged(audit.root, paths, audit.scratch) as stage:
            rules = json.dumps(configuration(audit.inputs))
            await asyncio.to_thread((stage / _CONFIGURATION).write_text, rules, "utf-8")

            async def check(part: list[str]) -> None:
                options = [f"--config={_CONFIGURATION}", "--disable-nested-config", "--no-ignore", "--format=json"]
                result = await step.tool("oxlint", [*options, *part], cwd=stage, accept=frozenset({0, 1}))
                answer = parse_json(whole(result, "oxlint"), "oxlint")
                if not isinstance(answer, dict) or "diagnostics" not in answer:
                    raise ToolFailure("oxlint did not say what it found")
                diagnostics.extend(answer["diagnostics"])
                if (left := len(part) - answer["number_of_files"]) > 0:
                    unread.append(NotAnalysed(path=".", engine=self.name, reason=f"oxlint did not read {left} files"))

            for chunk in in_chunks(paths):
                dead = await call_in_halves(chunk, check)
                unread += [NotAnalysed(path=path, engine=self.name, reason=reason) for path, reason in dead]
            drafts = await asyncio.to_thread(_drafts, stage, diagnostics)
        return EngineResult(files=len(paths), drafts=drafts, not_analysed=unread)


def _drafts(stage: Path, diagnostics: list[dict[str, Any]]) -> list[FindingDraft]:
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for diagnostic in diagnostics:
        by_file[diagnostic["filename"].removeprefix("./")].append(diagnostic)
    drafts = []
    for path, found in sorted(by_file.items()):
        content = (stage / path).read_bytes()
        syntax = [one for one in found if not one.get("code")]
        beside = is_beside_the_product(path)
        for one in [min(syntax, key=_offset)] if syntax else sorted(found, key=_offset):
            rule = _rule(one)
            if not beside or counts_beside_the_product(rule):
                drafts.append(_draft(path, content, rule, one))
    return drafts


def _offset(diagnostic: dict[str, Any]) -> int:
    labels = diagnostic.get("labels") or []
    offset: int = labels[0]["span"]["offset"] if labels else 0
    return offset


def _rule(diagnostic: dict[str, Any]) -> str:
    """A rule as the tables name it: ``no-eval`` for ESLint's own, ``react/jsx-key`` for one of a plug-in."""
    code: str = diagnostic.get("code") or ""
    match = _CODE.match(code)
    if match is None:
        return code or INVALID_SYNTAX
    return _PLUGINS.get(match["plugin"], f"{match['plugin']}/") + match["rule"]


def _draft(path: str, content: bytes, rule: str, diagnostic: dict[str, Any]) -> FindingDraft:
    offset = _offset(diagnostic)
    start = content.rfind(b"\n", 0, offset) + 1
    end = content.find(b"\n", offset)
    line = content.count(b"\n", 0, offset) + 1
    message = diagnostic["message"].strip()
    severity = severity_of(rule)
    if rule == COMPLEXITY and (measured := _COMPLEXITY.search(message)):
        severity = severity_of_complexity(int(measured[1]), 0)
    elif rule == INVALID_SYNTAX:
        message = f"this cannot be parsed: {message}"
        severity = Severity.LOW if is_beside_the_product(path) else severity  # a test may need a broken file
    return FindingDraft(
        engine=EngineName.JAVASCRIPT,
        rule=rule,
        severity=severity,
        message=message,
        location=Location(
            path=path,
            start_line=line,
            end_line=line,
            start_column=len(content[start:offset].decode("utf-8", "replace")) + 1,
        ),
        snippet=INVALID_SYNTAX
        if rule == INVALID_SYNTAX
        else content[start : end if end >= 0 else len(content)].decode("utf-8", "replace"),
        help_url=diagnostic.get("url"),
    )
