"""What root does before a program of users may start: give up being root, without losing sight of the places it needs.

``RLIMIT_NPROC`` and the permissions of files do not bind root, so a worker that runs as root starts each sandbox under
an account of no one. That account cannot enter folders like ``/root``: where an interpreter or the data folder lies in
one, a mount namespace of the keeper's own shows the needed places at their own paths and nothing else of that folder.
"""

from __future__ import annotations

import ctypes
import os
import stat
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from agents.process_family import LIBC
from agents.sandbox.order import CannotBeSetUp

FIRST, COUNT = 61_184, 4_336
"""User ids that systemd keeps for accounts that exist only while something runs; no file of the system has one."""

NOBODY = 65_534
CLONE_NEWNS = 0x0002_0000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
PR_SET_DUMPABLE = 4


def account_for(scratch: Path) -> int:
    """The user id for what works in ``scratch``: the one that has it already, else one by our own pid.

    Runs in the same folder share the account, so that each may change what the other has left there.
    """
    owner = scratch.stat().st_uid
    return owner if FIRST <= owner < FIRST + COUNT else FIRST + os.getpid() % COUNT


def give(folders: Sequence[Path], user: int) -> None:
    """Make the folders, with all that is in them, the account's. Links are not followed, whoever makes them."""
    command = ["chown", "-RhP", f"{user}:{user}", "--", *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise CannotBeSetUp(
            f"The scratch folder cannot be given to the sandbox's account: {done.stderr.strip()[-300:]}"
        )


def readable_copy(source: Path, copy: Path, user: int) -> Path:
    """The source as the account may read it: itself when others may read all of it, else a copy of the account's.

    Raises:
        CannotBeSetUp: there is no room for the copy.
    """
    if not _private(source):
        return source
    done = subprocess.run(
        ["cp", "-a", "--", str(source), str(copy)], capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise CannotBeSetUp(f"The source cannot be copied for the sandbox's account: {done.stderr.strip()[-300:]}")
    give([copy], user)
    subprocess.run(["chmod", "-R", "u+rX", "--", str(copy)], capture_output=True, check=False)
    return copy


def _private(folder: Path) -> bool:
    """Whether something in the folder may not be read by others."""
    pending = [str(folder)]
    if not folder.stat().st_mode & stat.S_IROTH or not folder.stat().st_mode & stat.S_IXOTH:
        return True
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    pending.append(entry.path)
                needed = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
                if not stat.S_ISLNK(mode) and mode & needed != needed:
                    return True
    return False


def become(user: int) -> None:
    """Stop being root, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # so that this process may still open its own /proc


def reveal(places: Collection[Path]) -> None:
    """Make ``places`` reachable for every account, in a mount namespace of our own; the host sees nothing of it.

    Raises:
        CannotBeSetUp: this root may not mount (as in a container), and one of the places lies in a private folder.
    """
    places = {place.resolve() for place in places}
    hidden = {folder for place in places if (folder := _closed(place)) is not None}
    if not hidden:
        return
    try:
        _check(LIBC.unshare(CLONE_NEWNS))
        _mount("none", Path("/"), None, MS_REC | MS_PRIVATE)
        for folder in sorted(hidden):
            _show_only(folder, sorted(place for place in places if place.is_relative_to(folder)))
    except OSError as error:
        closed = ", ".join(map(str, sorted(hidden)))
        raise CannotBeSetUp(
            f"{closed} cannot be entered by the account that the sandbox uses instead of root, and it cannot be mounted"
            f" elsewhere ({error.strerror}): run WrenchAI as a normal user, or move what is needed out of there."
        ) from error


def _closed(place: Path) -> Path | None:
    """The outermost folder on the way to ``place`` that others may not enter."""
    return next((one for one in reversed(place.parents) if not one.stat().st_mode & 0o001), None)


def _show_only(folder: Path, places: Sequence[Path]) -> None:
    opened = [(place, os.open(place, os.O_PATH)) for place in places]
    _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")
    for place, number in opened:
        origin = Path(f"/proc/self/fd/{number}")
        if not place.exists():
            if origin.is_dir():
                place.mkdir(parents=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            _mount(str(origin), place, None, MS_BIND | MS_REC)
        os.close(number)


def _mount(origin: str, target: Path, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (origin, str(target), kind, options)]
    _check(LIBC.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def _check(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
