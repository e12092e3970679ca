"""Which sources may be read, and how much of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from domain.recovery import ErrorClass


class SourceUnavailable(Exception):
    """The source cannot be read. The message is one sentence that says why and what to do, without any password."""

    error_class = ErrorClass.BAD_INPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutPolicy:
    """The limits of a checkout.

    ``private`` are folders whose content is never copied, such as our own data folder.
    ``roots`` are the only folders below which local sources may lie (``file://`` URLs too, where that scheme is
    allowed); ``schemes`` the kinds of git URLs; sizes are in bytes, ``timeout`` is for fetching a git URL.
    """

    roots: tuple[Path, ...]
    private: tuple[Path, ...] = ()
    schemes: frozenset[str] = frozenset({"https", "ssh"})
    max_bytes: int = 2 * 2**30
    max_file_bytes: int = 50 * 2**20
    max_files: int = 200_000
    timeout: timedelta = timedelta(minutes=10)

    def allows(self, folder: Path) -> bool:
        """Whether a folder, links resolved, lies under one of the roots."""
        return any(folder.is_relative_to(root.expanduser().resolve()) for root in self.roots)
