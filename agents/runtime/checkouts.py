"""The checkouts of executions: made once, kept while the execution goes on, removed when it has ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from agents.checkout import CheckoutPolicy, prepare, remove
from agents.contract import Checkout
from domain.project import Source

COMPLETE = "checkout.json"
SCRATCH = "scratch"


class Checkouts:
    """One folder for each execution: ``<id>/source``, ``<id>/scratch`` and, once the copy is whole,
    ``<id>/checkout.json``.

    ``policy`` is asked anew for each checkout, since its roots may grow.
    """

    def __init__(self, folder: Path, policy: Callable[[], CheckoutPolicy]) -> None:
        self._folder = folder
        self._policy = policy

    async def of(self, execution_id: UUID, source: Source) -> Checkout:
        """The execution's snapshot: the one made before, where it is on this machine and whole, else a new one.

        Raises:
            SourceUnavailable: the source cannot be read or is not allowed.
        """
        place = self._folder / str(execution_id)
        checkout = await asyncio.to_thread(_read, place, source)
        if checkout is None:
            checkout = await prepare(
                source.kind, source.location, source.revision, place / "source", self._policy(), source_id=source.id
            )
            await asyncio.to_thread(_write, place, checkout)
        return await _with_scratch(place, checkout)

    async def empty(self, execution_id: UUID, project_id: UUID) -> Checkout:
        """An empty folder, for an agent that works on no source."""
        place = self._folder / str(execution_id)
        await asyncio.to_thread((place / "source").mkdir, parents=True, exist_ok=True)
        return await _with_scratch(place, Checkout(path=place / "source", source_id=project_id, state="empty"))

    async def remove(self, execution_id: UUID) -> None:
        """Remove an execution's snapshot."""
        await remove(self._folder / str(execution_id))

    def kept(self) -> Collection[UUID]:
        """The executions that have a folder here."""
        if not self._folder.is_dir():
            return ()
        return [UUID(one.name) for one in self._folder.iterdir() if _is_id(one.name)]


async def _with_scratch(place: Path, checkout: Checkout) -> Checkout:
    """The checkout with an empty scratch folder: a worker that was killed has left its own full."""
    scratch = place / SCRATCH
    await remove(scratch)
    await asyncio.to_thread(scratch.mkdir)
    return replace(checkout, scratch=scratch)


def _read(place: Path, source: Source) -> Checkout | None:
    try:
        facts = json.loads((place / COMPLETE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Checkout(path=place / "source", source_id=source.id, state=facts["state"], excluded=facts["excluded"])


def _write(place: Path, made: Checkout) -> None:
    whole = place / f"{COMPLETE}.new"
    whole.write_text(json.dumps({"state": made.state, "excluded": dict(made.excluded)}))
    whole.rename(place / COMPLETE)


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
