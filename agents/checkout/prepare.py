"""Make and remove checkouts."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from uuid import UUID

from agents.checkout.local import snapshot_folder
from agents.checkout.policy import CheckoutPolicy, SourceUnavailable
from agents.checkout.remote import snapshot_url
from agents.checkout.removal import remove
from agents.contract import Checkout
from domain.project import SourceKind


async def prepare(
    source_kind: SourceKind,
    location: str,
    revision: str | None,
    destination: Path,
    policy: CheckoutPolicy,
    *,
    source_id: UUID,
) -> Checkout:
    """Copy what the source holds at this moment into ``destination``, a folder that does not exist yet or is replaced.

    A local folder is copied as it is, uncommitted changes included (``revision`` does not apply to it); of a git URL
    the given branch, tag or full commit is fetched, or its default branch. No hook, filter, submodule or other program
    of the source runs. On failure and on cancellation nothing is left at ``destination``.

    Raises:
        SourceUnavailable: it cannot be read, is not allowed, is empty or too large, or the disk is full.
    """
    await remove(destination)
    try:
        await asyncio.to_thread(_make, destination)
        if source_kind is SourceKind.LOCAL:
            snapshot = await snapshot_folder(location, destination, policy)
        else:
            snapshot = await snapshot_url(location, revision, destination, policy)
    except OSError as error:
        await remove(destination)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            sentence = f"The disk is full, so {location} could not be copied: free some space in {destination.parent}."
            raise SourceUnavailable(sentence) from error
        raise SourceUnavailable(f"{location} could not be copied to {destination} ({error.strerror}).") from error
    except BaseException:
        await remove(destination)
        raise
    return Checkout(path=destination, source_id=source_id, state=snapshot.state, excluded=snapshot.excluded)


def _make(destination: Path) -> None:
    destination.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    destination.mkdir(mode=0o700)
