"""Room on the disk of the data folder: near its end no new work is begun, so that what runs can be finished."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


class DiskNearlyFull(Exception):
    """There is less room than there has to be. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The disk that holds a folder, and how many bytes have to be free on it; with 0 it is never too full."""

    folder: Path
    least: int

    def require(self) -> None:
        """Look how much is free. Blocks for as long as the file system takes to answer.

        Raises:
            DiskNearlyFull: less than there has to be.
        """
        free = shutil.disk_usage(self.folder).free
        if free < self.least:
            raise DiskNearlyFull(
                f"Only {free // 2**20} MiB are free at {self.folder}, and no new work is begun below "
                f"{self.least // 2**20} MiB (WRENCHAI_MIN_FREE_BYTES): free some space."
            )
