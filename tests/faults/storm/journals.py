"""The journals of a storm's tasks: what was really done, against what the event log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID

from tests.faults.checker import Checker, Violation


class Journals:
    """One file for each task, which all of its executions write, wherever they run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[UUID, Path] = {}
        folder.mkdir()

    def path(self, graph: str, task: str) -> str:
        """Where a task writes."""
        return str(self._folder / f"{graph}, task {task}".replace(" ", "-"))

    def belongs(self, graph: str, task: str, task_id: UUID) -> None:
        """Note which task that is."""
        self._files[task_id] = Path(self.path(graph, task))

    async def violations(self, checker: Checker) -> list[Violation]:
        """Steps that were run more often than they were begun, ones that succeeded and were never run, and actions
        that nobody had permitted."""
        rows = await checker.rows(
            "SELECT task_id, payload->>'step' AS step, kind, count(*) AS times FROM events"
            " WHERE kind IN ('StepStarted', 'StepSucceeded') GROUP BY task_id, step, kind"
        )
        recorded = {(row["task_id"], row["step"], row["kind"]): int(row["times"]) for row in rows}
        granted = await checker.rows(
            "SELECT task_id, name FROM approvals"
            " WHERE status = 'APPROVED' OR status = 'EXPIRED' AND fallback = 'APPROVE'"
        )
        permitted = {(row["task_id"], row["name"]) for row in granted}
        found = []
        for task_id, file in self._files.items():
            lines = Counter(await asyncio.to_thread(_lines, file))
            for line, times in lines.items():
                step = _step_of(line)
                begun = recorded.get((task_id, step, "StepStarted"), 0)
                if step is not None and times > begun:
                    found.append(Violation("work undone by the log", {"task": task_id, "step": step, "runs": times}))
                name = line.removeprefix("did ")
                if name != line and (task_id, name) not in permitted:
                    found.append(Violation("act without permission", {"task": task_id, "action": name}))
            for (of, step, kind), times in recorded.items():
                ends = lines[_end_of(step)]
                if of == task_id and kind == "StepSucceeded" and ends < times:
                    found.append(Violation("success without work", {"task": task_id, "step": step, "ends": ends}))
        return found


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _step_of(line: str) -> str | None:
    """The step whose beginning the line notes; that of an action notes only that it was done."""
    verb, _, rest = line.partition(" ")
    return {"start": f"step-{rest}", "did": f"do {rest}"}.get(verb)


def _end_of(step: str) -> str:
    return f"did {step[3:]}" if step.startswith("do ") else f"end {step.removeprefix('step-')}"
