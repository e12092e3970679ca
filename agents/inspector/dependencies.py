"""Dependency hygiene by deptry: what is imported but not declared, declared but not imported, or declared wrongly.

The audited project is not installed here, so deptry cannot ask its packages for the modules they hold. A table maps the
common ones; where a missing module may belong to a declared distribution of a similar name, both findings are left out.
What deptry calls transitive (DEP003) depends on what happens to be installed beside it: it is reported as missing
(DEP001), which is what it is for the project.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from agents.contract import Step, ToolFailure
from agents.inspector.declarations import Declarations, NoDeclarations, write_declarations
from agents.inspector.distributions import MODULES_BY_DISTRIBUTION, may_provide, normalised
from agents.inspector.engine import Audit, EngineResult, Skipped, parse_json
from agents.inspector.guarded_imports import guarded_import_lines
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from agents.inspector.side_code import is_beside_the_product
from agents.inspector.source_text import split_lines
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

_REPORT = "deptry.json"
_HELP = "https://deptry.com/rules-violations/"
_NOTHING = r"\x00"
"""A pattern that excludes nothing: the staged copy holds only what shall be read."""

_SEVERITIES = {
    "DEP001": Severity.MEDIUM,  # a fresh installation fails on import
    "DEP002": Severity.LOW,  # costs time and attack surface; may be a plug-in that nothing imports
    "DEP004": Severity.MEDIUM,  # an installation without the development group fails on import
    "DEP005": Severity.MEDIUM,  # a distribution that takes the name of a standard module is often a trap
}


class Dependencies:
    """Compares the imports of the product's code with what its pyproject.toml or requirements files declare."""

    name = EngineName.DEPENDENCIES
    languages = (Language.PYTHON,)
    programs = ("deptry",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Run deptry on a copy without the project's own settings; tests, documentation and examples do not count."""
        paths = [path for path in audit.inventory.parsed() if not is_beside_the_product(path)]
        if not paths:
            raise Skipped("there is no Python code outside tests, documentation and examples")
        async with staged(audit.root, paths, audit.scratch) as stage:
            try:
                declared = await asyncio.to_thread(write_declarations, audit.root, stage, audit.inventory.texts)
            except NoDeclarations as reason:
                raise Skipped(str(reason)) from reason
            own = own_modules([file.path for file in audit.inventory.files])
            options = _options(declared, own)
            await step.tool("deptry", [".", *options], cwd=stage, accept=frozenset({0, 1}))
            report = stage / _REPORT
            if not report.exists():
                raise ToolFailure("deptry wrote no report")
            violations = parse_json(await asyncio.to_thread(report.read_text, "utf-8"), "deptry")
            foreign = [violation for violation in violations if violation["module"] not in own]
            drafts = await asyncio.to_thread(_drafts, stage, declared, foreign)
        return EngineResult(files=len(paths), drafts=drafts, not_analysed=_nested(audit))


def _options(declared: Declarations, own: list[str]) -> list[str]:
    given = {
        "--known-first-party": ",".join(own),
        "--package-module-name-map": declared.module_map(),
        "--optional-dependencies-dev-groups": ",".join(declared.development_groups),
        "--requirements-files": ",".join(declared.requirements),
        "--requirements-files-dev": ",".join(declared.development_requirements),
    }
    chosen = [f"{option}={value}" for option, value in given.items() if value]
    return ["--no-ansi", f"--exclude={_NOTHING}", f"--json-output={_REPORT}", *chosen]


def own_modules(paths: list[str]) -> list[str]:
    """The top-level names that the source's own code may be imported by.

    A package by its outermost folder, a module beside no ``__init__.py`` by its own name, and the folders at the root
    and under ``src``, which may be namespace packages.
    """
    known = set(paths)
    names = set()
    for path in paths:
        pure = PurePosixPath(path)
        name = pure.stem if pure.name != "__init__.py" else pure.parent.name
        folder = pure.parent
        while folder.name and (folder / "__init__.py").as_posix() in known:
            name, folder = folder.name, folder.parent
        parts = pure.parts[1:] if pure.parts[0] == "src" else pure.parts
        names |= {name, PurePosixPath(parts[0]).stem}
    return sorted(name for name in names if name.isidentifier())


def _nested(audit: Audit) -> list[NotAnalysed]:
    reason = "only the declarations at the source's root are compared with imports"
    nested = [path for path in audit.inventory.texts if path.endswith("/pyproject.toml")]
    return [NotAnalysed(path=path, engine=EngineName.DEPENDENCIES, reason=reason) for path in nested]


_Places = dict[tuple[str, str], list[dict[str, Any]]]
"""Rule and module (or distribution) → where."""


def _drafts(stage: Path, declared: Declarations, violations: list[dict[str, Any]]) -> list[FindingDraft]:
    places = _gathered(stage, violations)
    doubtful = _doubtful(stage, places)
    return [
        _draft(stage, declared, code, module, locations)
        for (code, module), locations in sorted(places.items())
        if (code, module) not in doubtful
    ]


def _gathered(stage: Path, violations: list[dict[str, Any]]) -> _Places:
    places: _Places = defaultdict(list)
    for violation in violations:
        code = "DEP001" if violation["error"]["code"] == "DEP003" else violation["error"]["code"]
        if code == "DEP002" or not _is_guarded(stage, violation["location"]):
            places[code, violation["module"]].append(violation["location"])
    return places


def _doubtful(stage: Path, places: _Places) -> set[tuple[str, str]]:
    """What may be no defect: two halves of one distribution with two names, types, and what the code names."""
    unused = {module for code, module in places if code == "DEP002"}
    missing = {module for code, module in places if code == "DEP001"}
    pairs = {(name, module) for name in unused for module in missing if _unknown(name) and may_provide(name, module)}
    named = _named_in_code(stage, unused) | {name for name in unused if normalised(name).startswith("types-")}
    return {("DEP001", module) for _, module in pairs} | {
        ("DEP002", name) for name in named | {name for name, _ in pairs}
    }


def _named_in_code(stage: Path, distributions: set[str]) -> set[str]:
    """Those that the code names without importing them: a program that it runs, a plug-in, the driver in an address."""
    wanted = {name: _spellings(name) for name in distributions}
    texts = [file.read_text("utf-8-sig") for file in stage.rglob("*.py")] if wanted else []
    return {name for name, pattern in wanted.items() if any(pattern.search(text) for text in texts)}


def _spellings(distribution: str) -> re.Pattern[str]:
    """A distribution's name however its parts are joined: ``find_spec("some_driver")`` names ``some-driver``."""
    parts = (re.escape(part) for part in normalised(distribution).split("-"))
    return re.compile(rf"\b{'[-_.]'.join(parts)}\b", re.IGNORECASE)


def _unknown(distribution: str) -> bool:
    return normalised(distribution) not in MODULES_BY_DISTRIBUTION


def _is_guarded(stage: Path, location: dict[str, Any]) -> bool:
    path = stage / location["file"]
    return path.suffix == ".py" and location["line"] in guarded_import_lines(path.read_text("utf-8-sig"))


def _draft(
    stage: Path, declared: Declarations, code: str, module: str, locations: list[dict[str, Any]]
) -> FindingDraft:
    where, again = locations[0], len(locations) - 1
    elsewhere = f" (and in {again} more places)" if again else ""
    messages = {
        "DEP001": f"`{module}` is imported{elsewhere}, but {declared.file} does not declare what provides it",
        "DEP002": f"`{module}` is declared, but nothing outside tests and documentation imports or names it",
        "DEP004": f"`{module}` is imported{elsewhere} by the product, but declared for development only",
        "DEP005": f"`{module}` is declared, but it is part of the standard library",
    }
    in_declarations = code in {"DEP002", "DEP005"}
    path = declared.file if in_declarations else PurePosixPath(where["file"]).as_posix()
    line: int | None = declared.line_of(module) if in_declarations else where["line"]
    return FindingDraft(
        engine=EngineName.DEPENDENCIES,
        rule=code,
        severity=_SEVERITIES.get(code, Severity.LOW),
        message=messages.get(code, f"{code}: {module}"),
        location=Location(path=path, start_line=line, end_line=line),
        snippet=module if in_declarations else _line(stage / path, where["line"]),
        help_url=_HELP,
    )


def _line(file: Path, number: int) -> str:
    return "".join(split_lines(file.read_text("utf-8-sig"))[number - 1 : number])
