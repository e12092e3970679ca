"""Somebody who decides what the agents of a storm ask, as each action itself says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

EVERY = 0.3
WAITING = """{ awaitingApprovals(first: 100) { nodes { id action { arguments digest } } } }"""
DECIDE = """mutation ($id: ID!, $digest: String!) {{ {0}(input: {{ approvalId: $id, digest: $digest }}) {{
  errors {{ code }} }} }}"""

Ask = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Decider:
    """Asks an API again and again what waits. ``verdicts`` counts what was said, ``refusals`` what was not taken."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.verdicts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    async def decide(self) -> None:
        """Decide until cancelled."""
        while True:
            for approval in (await self._ask(WAITING, {}))["awaitingApprovals"]["nodes"]:
                await self._say(approval)
            await asyncio.sleep(EVERY)

    async def _say(self, approval: dict[str, Any]) -> None:
        verdict = approval["action"]["arguments"]["verdict"]
        if verdict == "ignore":
            return
        given = {"id": approval["id"], "digest": approval["action"]["digest"]}
        errors = (await self._ask(DECIDE.format(verdict), given))[verdict]["errors"]
        self.verdicts[verdict] += 1
        self.refusals.update(error["code"] for error in errors)
