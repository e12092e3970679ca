"""The account the embedded server runs as: ours, or, since PostgreSQL refuses root, one without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from persistence.addresses import DatabaseUnavailable

NAME_FOR_ROOT = "wrenchai-postgres"


class SubprocessOptions(TypedDict, total=False):
    """What ``subprocess.run`` needs to switch the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Whose processes and files the server's are. ``switched`` says that it is another than ours."""

    uid: int
    gid: int
    switched: bool

    def subprocess_options(self) -> SubprocessOptions:
        """Options that make a child run as this account, without our supplementary groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def own(self, folder: Path) -> None:
        """Give a folder to the account, for it alone."""
        folder.chmod(0o700)
        if self.switched:
            os.chown(folder, self.uid, self.gid)

    def let_through(self, path: Path) -> None:
        """Let the account pass the folders above ``path``: searchable where they are not, but never readable.

        Raises:
            DatabaseUnavailable: one of them cannot be changed.
        """
        if not self.switched:
            return
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH and folder.stat().st_uid != self.uid:
                try:
                    folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                except OSError as error:
                    raise DatabaseUnavailable(
                        f"The embedded PostgreSQL cannot pass {folder}: run `chmod o+x {folder}`, "
                        "or do not start WrenchAI as root."
                    ) from error

    def let_read(self, tree: Path) -> None:
        """Let the account read and run an installed tree that a strict umask has closed."""
        self.let_through(tree)
        if not self.switched or tree.stat().st_mode & 0o005 == 0o005:
            return
        for path in (tree, *tree.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(stat.S_IMODE(mode) | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def server_account(cluster: Path) -> ServerAccount:
    """The account for a cluster's server: ours, unless we are root; then its owner's, or, for a new one, one we create.

    Raises:
        DatabaseUnavailable: we are root and the account can neither be found nor created.
    """
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid(), switched=False)
    owner = cluster.stat() if cluster.exists() else None
    if owner is not None and owner.st_uid != 0:
        return ServerAccount(owner.st_uid, owner.st_gid, switched=True)
    try:
        entry = pwd.getpwnam(NAME_FOR_ROOT)
    except KeyError:
        _create()
        entry = pwd.getpwnam(NAME_FOR_ROOT)
    return ServerAccount(entry.pw_uid, entry.pw_gid, switched=True)


def _create() -> None:
    sentence = (
        f"PostgreSQL does not run as root and the account {NAME_FOR_ROOT!r} for it cannot be created: "
        "start WrenchAI as an ordinary user, or set WRENCHAI_DATABASE_URL."
    )
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise DatabaseUnavailable(sentence)
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run([*command, "--shell", "/bin/sh", NAME_FOR_ROOT], capture_output=True, check=False)
    try:
        pwd.getpwnam(NAME_FOR_ROOT)  # somebody else may have created it at the same moment
    except KeyError as error:
        raise DatabaseUnavailable(f"{sentence} ({done.stderr.decode(errors='replace').strip()})") from error
