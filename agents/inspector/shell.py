"""Shell scripts by ShellCheck: a separate program, which parses a script and runs nothing of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from agents.contract import Step
from agents.inspector.engine import Audit, EngineResult, call_in_halves, in_chunks, parse_json, whole
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.programs.parse_check import MAX_DEPTH, deepest_bracket
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

MOST_AT_ONCE = 25
"""ShellCheck keeps what it knows of all scripts of a call in memory until it writes."""

PATIENCE = timedelta(minutes=1)
"""For one call. There are scripts that take ShellCheck an hour; they are found by calls with ever fewer files."""

EXCLUDED = {
    "SC1090": "other files are not followed",
    "SC1091": "other files are not followed",
    "SC2034": "a variable may be there for whoever sources the script",
    "SC2148": "a script without a first line is there to be sourced; it is read as bash",
    "SC2154": "a variable may come from a file that is sourced, or from the environment",
}
"""Rules left out, with the reason. So are all of the levels *info* and *style*."""

UNSUPPORTED = frozenset({1071, 1008})
"""What ShellCheck says of a script for a shell that it does not know."""

_SEVERITIES = {
    # Fails when it runs, or destroys what it was not meant to.
    Severity.HIGH: "2115 2114 2259 2261 2145 2199 2215",
    Severity.MEDIUM: "2045 2068 2144 2164",
    Severity.LOW: "2155 2120 2119 2207 2206 2124 2178 2128 2188 2223 2320",
}
_BY_CODE = {int(code): severity for severity, codes in _SEVERITIES.items() for code in codes.split()}
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM}
_SYNTAX = range(1000, 2000)
_HELP = "https://www.shellcheck.net/wiki/SC"


def options() -> list[str]:
    """ShellCheck's arguments for an audit, without the files: our rules, nobody's configuration."""
    return ["--norc", "--format=json1", "--severity=warning", f"--exclude={','.join(EXCLUDED)}", "--wiki-link-count=0"]


class Shell:
    """Runs ShellCheck and keeps errors and warnings; in tests and examples errors only."""

    name = EngineName.SHELL
    languages = (Language.SHELL,)
    programs = ("shellcheck",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Check every script of sh, bash, dash and ksh."""
        every = audit.inventory.of(*self.languages)
        deep = await asyncio.to_thread(lambda: {path for path in every if _is_deep(audit.root / path)})
        paths = [path for path in every if path not in deep]
        reason = f"nested too deeply: more than {MAX_DEPTH} levels of brackets"
        left_out = [NotAnalysed(path=path, engine=self.name, reason=reason) for path in sorted(deep)]
        comments: list[dict[str, Any]] = []

        async def check(part: list[str]) -> None:
            arguments = [*options(), *part]
            result = await step.tool("shellcheck", arguments, cwd=stage, accept=frozenset({0, 1}), timeout=PATIENCE)
            comments.extend(parse_json(whole(result, "shellcheck"), "shellcheck")["comments"])

        async with staged(audit.root, paths, audit.scratch) as stage:
            for chunk in in_chunks(paths, MOST_AT_ONCE):
                dead = await call_in_halves(chunk, check)
                left_out += [NotAnalysed(path=path, engine=self.name, reason=reason) for path, reason in dead]
            drafts = await asyncio.to_thread(_drafts, stage, comments)
        foreign = {one["file"].removeprefix("./") for one in comments if one["code"] in UNSUPPORTED}
        reason = "a script for a shell that ShellCheck does not know"
        left_out += [NotAnalysed(path=path, engine=self.name, reason=reason) for path in sorted(foreign)]
        return EngineResult(files=len(every) - len(left_out), drafts=drafts, not_analysed=left_out)


def _is_deep(file: Path) -> bool:
    """Whether brackets are nested so deeply that ShellCheck takes minutes."""
    return deepest_bracket(file.read_bytes()) > MAX_DEPTH


def _drafts(stage: Path, comments: list[dict[str, Any]]) -> list[FindingDraft]:
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for comment in comments:
        by_file[comment["file"].removeprefix("./")].append(comment)
    drafts = []
    for path, found in sorted(by_file.items()):
        if any(comment["code"] in UNSUPPORTED for comment in found):
            continue
        lines = split_lines((stage / path).read_text("utf-8-sig"))
        broken = [comment for comment in found if comment["level"] == "error" and comment["code"] in _SYNTAX]
        kept = [min(broken, key=_place)] if broken else [one for one in found if _counts(path, one)]
        drafts += [_draft(path, lines, comment) for comment in sorted(kept, key=_place)]
    return drafts


def _place(comment: dict[str, Any]) -> tuple[int, int]:
    return comment["line"], comment["column"]


def _counts(path: str, comment: dict[str, Any]) -> bool:
    return comment["level"] == "error" or not is_beside_the_product(path)


def severity_of(code: int, level: str) -> Severity:
    """How bad a comment of ShellCheck's is: by its own level, but for the codes that the table names."""
    return _BY_CODE.get(code, _LEVELS.get(level, Severity.LOW))


def _draft(path: str, lines: list[str], comment: dict[str, Any]) -> FindingDraft:
    line = comment["line"]
    syntax = comment["level"] == "error" and comment["code"] in _SYNTAX
    return FindingDraft(
        engine=EngineName.SHELL,
        rule=f"SC{comment['code']}",
        severity=severity_of(comment["code"], comment["level"]),
        message=comment["message"],
        location=Location(
            path=path,
            start_line=line,
            end_line=max(line, comment["endLine"]),
            start_column=comment["column"],
            end_column=comment["endColumn"],
        ),
        # A broken script stays one finding while its author moves the error about.
        snippet="syntax" if syntax else "".join(lines[line - 1 : line]),
        help_url=f"{_HELP}{comment['code']}",
    )
