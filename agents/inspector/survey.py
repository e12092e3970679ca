"""The first step of an audit: the inventory, with what is broken as findings."""

from __future__ import annotations

import asyncio
import os

from agents.contract import Checkout, Step
from agents.inspector.engine import call_in_halves, run_program
from agents.inspector.inventory import BrokenFile, Inventory, take_inventory
from domain.finding import FindingDraft, Location, fingerprinted
from domain.reports.inspector import NotAnalysed
from domain.severity import Severity

INVENTORY = "inventory"
"""The ``engine`` of findings about files that cannot be read at all."""

_MOST_AT_ONCE = 4
_WORTH_A_PROCESS = 200
"""Files that take longer to parse than a process to start."""

_TOO_DEEP = "nested too deeply"


async def survey(step: Step, checkout: Checkout, exclude: tuple[str, ...]) -> Inventory:
    """Take the inventory, and have Python's own parser look at every module in a process that it may kill."""
    taken = await asyncio.to_thread(take_inventory, checkout.path, exclude, checkout.excluded)
    refused: dict[str, str] = {}

    async def parse(paths: list[str]) -> None:
        if paths:
            refused.update(await run_program(step, "parse_check", paths, checkout.path))

    paths = [file.path for file in taken.files]
    parts = max(1, min(os.cpu_count() or 1, _MOST_AT_ONCE, len(paths) // _WORTH_A_PROCESS))
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(call_in_halves(paths[first::parts], parse)) for first in range(parts)]
    deadly = [one for call in calls for one in call.result()]
    unreadable = {path: "Python's own parser dies of it" for path, _ in deadly}
    unreadable |= {path: reason for path, reason in refused.items() if reason.startswith(_TOO_DEEP)}
    inventory = taken.model_copy(
        update={
            "files": tuple(file for file in taken.files if file.path not in unreadable),
            "unparsed": {path: reason for path, reason in refused.items() if path not in unreadable},
            "not_analysed": (
                *taken.not_analysed,
                *(NotAnalysed(path=path, engine=None, reason=reason) for path, reason in unreadable.items()),
            ),
        }
    )
    for draft in fingerprinted(map(_draft, inventory.broken)):
        step.finding(draft)
    left_out = len(inventory.not_analysed)
    await step.log(
        f"{described(inventory)}, {inventory.lines_of_code} lines of code, "
        f"{len(inventory.unparsed)} with syntax errors, {left_out} entries not analysed"
    )
    return inventory


def described(inventory: Inventory) -> str:
    """How many files of which languages there are."""
    counted = [f"{files} {language} files" for language, files in inventory.languages.items()]
    return ", ".join(counted) or "no code"


def _draft(broken: BrokenFile) -> FindingDraft:
    return FindingDraft(
        engine=INVENTORY,
        rule=broken.rule,
        severity=Severity.HIGH,
        message=f"Python cannot load this file: {broken.message}",
        location=Location(path=broken.path),
        snippet=broken.rule,
    )
