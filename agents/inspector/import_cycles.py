"""Import cycles between modules, found by a stand-alone program that reads the code and imports nothing."""

from __future__ import annotations

from typing import Any

from agents.contract import Step
from agents.inspector.engine import Audit, EngineResult, run_program, unparsed_by
from agents.inspector.inputs import EngineName
from agents.inspector.languages import Language
from domain.finding import FindingDraft, Location
from domain.severity import Severity


class ImportCycles:
    """Reports the shortest cycle of each knot of modules that import each other while they are loaded."""

    name = EngineName.IMPORT_CYCLES
    languages = (Language.PYTHON,)
    programs = ("python",)

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Read the imports of every module that Python can parse."""
        paths = audit.inventory.parsed()
        cycles = await run_program(step, "import_cycles", paths, audit.root)
        return EngineResult(
            files=len(paths),
            drafts=[_draft(cycle) for cycle in cycles],
            not_analysed=unparsed_by(self.name, audit.inventory),
        )


def _draft(cycle: list[dict[str, Any]]) -> FindingDraft:
    way = " → ".join(f"{place['module']} ({place['path']}:{place['line']})" for place in cycle)
    first = cycle[0]
    return FindingDraft(
        engine=EngineName.IMPORT_CYCLES,
        rule="import-cycle",
        severity=Severity.MEDIUM,
        message=f"these modules import each other: {way} → {first['module']}; it works in one order of imports only",
        location=Location(path=first["path"], start_line=first["line"], end_line=first["line"]),
        snippet=" ".join(place["path"] for place in cycle),
    )
