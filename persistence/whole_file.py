"""Writing a file so that its name stands for all of it: there is the whole, or what was there before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written_whole(path: Path, *, prefix: str, suffix: str = "") -> Iterator[IO[bytes]]:
    """The open file, readable by its owner only; it gets its name once it is complete and on the disk.

    Until then it is called by the prefix, something random, and the suffix; when the block raises, it goes. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name survives a crash as well
    finally:
        os.close(folder)
