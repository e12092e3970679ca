"""Types by mypy, package by package, under a configuration of ours: no plug-in, so nothing of the source is executed.

The dependencies of the source are not installed, so what comes from them has any type. Functions without annotations
are not looked into. Only those codes count that stay meaningful then.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath
from time import monotonic

from agents.contract import Step, ToolFailure
from agents.inspector.engine import Audit, EngineResult, in_chunks, whole
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

CODES = {
    "call-arg": Severity.MEDIUM,  # a call that the function does not take fails
    "attr-defined": Severity.MEDIUM,
    "call-overload": Severity.MEDIUM,
    "return": Severity.MEDIUM,  # a path through the function ends without the value it promises
    "arg-type": Severity.LOW,
    "index": Severity.LOW,
    "operator": Severity.LOW,
    "return-value": Severity.LOW,
    "typeddict-item": Severity.LOW,
    "union-attr": Severity.LOW,  # mostly a None that the author knows not to be there
}
"""The error codes of mypy that count, and how bad they are.

Left out: what is about annotations (``valid-type``, ``no-redef``, ``var-annotated``, ``override``), and ``assignment``,
of which most is ``except ImportError: name = None``.
"""

WHOLE_TIME = timedelta(minutes=15)
"""For all packages of a source together."""

MAX_MEMORY = 3 * 2**30
"""Bytes of address space: 1,500 modules take half of it."""

_CONFIGURATION = ".wrenchai-mypy.ini"
_LIST = ".wrenchai-files"
_LINE = re.compile(
    r"^(?P<path>.+?\.pyi?):(?P<line>\d+):(?P<column>\d+): error: (?P<message>.+?)  \[(?P<code>[\w-]+)\]$"
)
_HELP = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"


class Types:
    """Checks what is annotated in the packages of the product; loose scripts, tests and documentation do not count."""

    name = EngineName.TYPES
    languages = (Language.PYTHON,)
    programs = ("mypy",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Check one package after the other until the time is over; what was not checked is named."""
        candidates = [*audit.inventory.parsed(), *audit.inventory.stubs]
        packages = packages_of([path for path in candidates if not is_beside_the_product(path)])
        result = EngineResult(files=0)
        deadline = monotonic() + WHOLE_TIME.total_seconds()
        staged_paths = [path for paths in packages.values() for path in paths]
        async with staged(audit.root, staged_paths, audit.scratch) as stage:
            await asyncio.to_thread((stage / _CONFIGURATION).write_text, _configuration(packages), "utf-8")
            for package, paths in packages.items():
                try:
                    left = timedelta(seconds=deadline - monotonic())
                    said = await _check(step, stage, paths, left)
                except ToolFailure as failure:
                    result.settles = False
                    reason = f"its types were not checked: {failure}"
                    result.not_analysed.append(NotAnalysed(path=package, engine=self.name, reason=reason))
                    continue
                result.files += len(paths)
                result.drafts += await asyncio.to_thread(_drafts, stage, set(paths), said)
        return result


def packages_of(paths: Sequence[str]) -> dict[str, list[str]]:
    """The modules of each outermost package (a folder with ``__init__.py``), by the package's path, in order."""
    known = set(paths)
    packages: dict[str, list[str]] = defaultdict(list)
    for path in sorted(known):
        folder, outermost = PurePosixPath(path).parent, None
        while folder.name and ((folder / "__init__.py").as_posix() in known):
            outermost, folder = folder, folder.parent
        if outermost is not None and outermost.name.isidentifier():
            packages[outermost.as_posix()].append(path)
    return dict(packages)


def _configuration(packages: Mapping[str, Sequence[str]]) -> str:
    """Ours and nothing else; packages of one source may import each other, so their parents are searched."""
    parents = sorted({PurePosixPath(package).parent.as_posix() for package in packages})
    safe = [parent for parent in parents if not re.search(r"[,:%$~\n]", parent)]
    return f"[mypy]\nmypy_path = {','.join(safe)}\n"


async def _check(step: Step, stage: Path, paths: Sequence[str], left: timedelta) -> str:
    if left <= timedelta(0):
        raise ToolFailure(f"the {WHOLE_TIME.total_seconds() / 60:.0f} minutes for types are over")
    options = [
        f"--config-file={_CONFIGURATION}",
        "--cache-dir=.wrenchai-cache",
        "--no-site-packages",
        "--ignore-missing-imports",
        "--follow-imports=silent",
        "--show-column-numbers",
        "--hide-error-context",
        "--no-error-summary",
        "--no-color-output",
        "--no-pretty",
    ]
    # The files stand in a file: a package may have more of them than fit into a call.
    listed = "\n".join(argument for chunk in in_chunks(paths) for argument in chunk)
    await asyncio.to_thread((stage / _LIST).write_text, listed, "utf-8")
    done = await step.tool(
        "mypy",
        [*options, f"@{_LIST}"],
        cwd=stage,
        accept=frozenset({0, 1}),
        timeout=left,
        max_memory=MAX_MEMORY,
    )
    return whole(done, "mypy")


def _drafts(stage: Path, paths: set[str], said: str) -> list[FindingDraft]:
    drafts = []
    for line in said.splitlines():
        match = _LINE.match(line)
        if match is None or match["code"] not in CODES:
            continue
        path = match["path"].removeprefix("./")
        if path in paths:
            drafts.append(_draft(stage, path, match))
    return drafts


def _draft(stage: Path, path: str, match: re.Match[str]) -> FindingDraft:
    number = int(match["line"])
    lines = split_lines((stage / path).read_text("utf-8-sig"))
    return FindingDraft(
        engine=EngineName.TYPES,
        rule=match["code"],
        severity=CODES[match["code"]],
        message=match["message"],
        location=Location(path=path, start_line=number, end_line=number, start_column=int(match["column"])),
        snippet="".join(lines[number - 1 : number]),
        help_url=f"{_HELP}{match['code']}",
    )
