"""Names that other modules take from a module that only imports them: removing such an import would break those."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from agents.contract import Step
from agents.inspector.engine import run_program
from domain.finding import FindingDraft

UNUSED_IMPORT = "F401"
_IMPORTED = re.compile(r"`(?P<name>[^`]+)` imported but unused")


async def keeping_re_exports(
    step: Step, stage: Path, paths: Sequence[str], drafts: Iterable[FindingDraft]
) -> list[FindingDraft]:
    """The drafts, without the fixes that would remove an import from which another of ``paths`` takes a name.

    A fix of ruff's removes all unused names of a statement, so one that others take spares the whole file.
    """
    found = list(drafts)
    imports = {
        draft.location.path: set[tuple[str, str]]() for draft in found if draft.rule == UNUSED_IMPORT and draft.fix
    }
    for draft in found:
        if draft.rule == UNUSED_IMPORT and draft.fix and (match := _IMPORTED.search(draft.message)):
            name = match["name"].rpartition(" as ")[2].rpartition(".")[2]
            imports[draft.location.path].add((PurePosixPath(draft.location.path).stem, name))
    wanted = sorted(set().union(*imports.values()))
    if not wanted:
        return found
    taken = {tuple(pair) for pair in await run_program(step, "re_exports", {"wanted": wanted, "files": paths}, stage)}
    spared = {path for path, pairs in imports.items() if not pairs.isdisjoint(taken)}
    return [
        replace(draft, fix=None) if draft.rule == UNUSED_IMPORT and draft.location.path in spared else draft
        for draft in found
    ]
