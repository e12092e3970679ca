"""Paths that somebody else names: below the checkout, and nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from agents.contract import ToolFailure


def _below(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError(f"{name!r} is not a path below the checkout")
    return name


PathBelow = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_below)]
"""A path below the checkout, as it is written: nothing is known of what is there."""


def file_below(checkout: Path, name: str, *, most: int) -> Path:
    """The regular file of that name, with no link on the way that leads out of the checkout. Blocks.

    Raises:
        ToolFailure: there is none, it lies elsewhere, or has more than ``most`` bytes.
    """
    try:
        root, found = checkout.resolve(strict=True), (checkout / name).resolve(strict=True)
        status = found.stat()
    except (OSError, RuntimeError):
        raise ToolFailure(f"There is no file {name!r} in the checkout.") from None
    if not found.is_relative_to(root):
        raise ToolFailure(f"{name!r} leads out of the checkout.")
    if not stat.S_ISREG(status.st_mode):
        raise ToolFailure(f"{name!r} is not a regular file.")
    if status.st_size > most:
        raise ToolFailure(f"{name!r} has {status.st_size:,} bytes; {most:,} are the most.")
    return found
