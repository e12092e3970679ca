"""Which files a source has, and which of them the engines can read: what is left out is named with its reason."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from agents.inspector.languages import Language, kind_of_suffix, language_of
from agents.inspector.left_out import generated_reason, ignored_directory_reason
from agents.inspector.source_text import NotText, decode_python, decode_text, is_binary
from domain.reports.inspector import NotAnalysed

MAX_FILE_BYTES = 1024 * 1024
"""Hand-written modules are far below this; above it a file is data, and engines take minutes for it."""

TEXT_SUFFIXES = frozenset(
    {".cfg", ".html", ".ini", ".j2", ".jinja", ".jinja2", ".json", ".mako", ".md", ".rst", ".sh", ".toml", ".txt"}
    | {".xml", ".yaml", ".yml"}
)
"""Small files of these kinds may name code: entry points, templates, documentation of a public interface."""


class SourceFile(BaseModel):
    """A file that can be read. ``path`` is relative to the root; ``code_lines`` are those that are neither blank nor a
    comment of a whole line."""

    model_config = ConfigDict(frozen=True)

    path: str
    code_lines: int


class BrokenFile(BaseModel):
    """A Python file that Python itself cannot load."""

    model_config = ConfigDict(frozen=True)

    path: str
    rule: str
    message: str


class Inventory(BaseModel):
    """What there is to audit.

    ``files`` are Python modules, ``stubs`` are ``.pyi`` files, ``others`` are the files of the other languages that
    engines read, ``texts`` are small text files in which names of code may be mentioned. ``unparsed`` maps modules that
    Python's own parser refuses to the reason; only engines with a parser of their own get these.
    """

    model_config = ConfigDict(frozen=True)

    files: tuple[SourceFile, ...] = ()
    stubs: tuple[str, ...] = ()
    others: dict[Language, tuple[SourceFile, ...]] = {}
    texts: tuple[str, ...] = ()
    broken: tuple[BrokenFile, ...] = ()
    unparsed: dict[str, str] = {}
    not_analysed: tuple[NotAnalysed, ...] = ()

    @property
    def lines_of_code(self) -> int:
        """Lines of code without blanks and comments; configuration is no code."""
        coded = [files for language, files in self.others.items() if language is not Language.YAML]
        return sum(file.code_lines for files in (self.files, *coded) for file in files)

    @property
    def languages(self) -> dict[Language, int]:
        """How many files there are of each language, for those that are there."""
        python = {Language.PYTHON: count} if (count := len(self.files) + len(self.stubs)) else {}
        return python | {language: len(files) for language, files in sorted(self.others.items())}

    def has(self, languages: tuple[Language, ...]) -> bool:
        """Whether there is a file of one of these languages."""
        return not self.languages.keys().isdisjoint(languages)

    def of(self, *languages: Language) -> list[str]:
        """Paths of the files of these languages other than Python."""
        return [file.path for language in languages for file in self.others.get(language, ())]

    def parsed(self) -> list[str]:
        """Paths of the modules that Python's own parser accepts."""
        return [file.path for file in self.files if file.path not in self.unparsed]


def take_inventory(root: Path, exclude: tuple[str, ...], excluded: Mapping[str, str]) -> Inventory:
    """Walk ``root`` without following links. ``excluded`` is what the checkout already left out, with the reason."""
    taking = _Taking(root)
    taking.not_analysed.extend(NotAnalysed(path=path, engine=None, reason=why) for path, why in excluded.items())
    for entry, path in _walk(taking, exclude):
        taking.take(entry, path)
    return taking.inventory()


def _walk(taking: _Taking, exclude: tuple[str, ...]) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every entry that is not a directory, with its path, in a stable order; depth costs no stack."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(taking.root / folder) as entries:
                here = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            taking.leave_out(folder or ".", f"the directory cannot be read: {error.strerror}")
            continue
        for entry in here:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if any(fnmatchcase(path, pattern.rstrip("/")) for pattern in exclude):
                taking.leave_out(path, "excluded by the task's inputs")
            elif not entry.is_dir(follow_symlinks=False):
                yield entry, path
            elif reason := ignored_directory_reason(entry):
                taking.leave_out(path, reason)
            else:
                pending.append(path)


class _Taking:
    """An inventory that is being taken."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[SourceFile] = []
        self.stubs: list[str] = []
        self.others: dict[Language, list[SourceFile]] = defaultdict(list)
        self.texts: list[str] = []
        self.broken: list[BrokenFile] = []
        self.not_analysed: list[NotAnalysed] = []
        self.other: dict[str, list[str]] = defaultdict(list)

    def leave_out(self, path: str, reason: str) -> None:
        # A name that is not UTF-8 reaches Python with surrogates, which no JSON can carry.
        readable = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.not_analysed.append(NotAnalysed(path=readable, engine=None, reason=reason))

    def take(self, entry: os.DirEntry[str], path: str) -> None:
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            self.leave_out(path, "its name is not UTF-8; rename it")
            return
        try:
            if entry.is_symlink():
                self.leave_out(path, self._link_reason(entry))
                return
            details = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(details.st_mode):
                self.leave_out(path, "not a regular file")
            elif path.endswith((".py", ".pyi")):
                self._take_python(entry, path, details.st_size)
            else:
                self._take_other(entry, path, details.st_size)
        except OSError as error:
            self.leave_out(path, f"cannot be read: {error.strerror}")

    def _link_reason(self, entry: os.DirEntry[str]) -> str:
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            return "a symbolic link to nowhere or to itself"
        if target.is_relative_to(self.root.resolve()):
            return "a symbolic link; what it leads to is audited in its own place"
        return "a symbolic link that leaves the source"

    def _take_python(self, entry: os.DirEntry[str], path: str, size: int) -> None:
        if size > MAX_FILE_BYTES:
            self.leave_out(path, f"too large: {size} bytes, the limit is {MAX_FILE_BYTES}")
            return
        content = Path(entry.path).read_bytes()
        try:
            text = decode_python(content)
        except NotText as problem:
            self.leave_out(path, str(problem))
            if problem.rule:
                self.broken.append(BrokenFile(path=path, rule=problem.rule, message=str(problem)))
            return
        if reason := generated_reason(entry.name, text):
            self.leave_out(path, reason)
        elif path.endswith(".pyi"):
            self.stubs.append(path)
        else:
            self.files.append(SourceFile(path=path, code_lines=_code_lines(text, "#")))

    def _take_other(self, entry: os.DirEntry[str], path: str, size: int) -> None:
        suffix = PurePosixPath(entry.name).suffix.lower()
        with Path(entry.path).open("rb") as opened:
            start = opened.read(8192)
        binary = is_binary(start)
        language = None if binary else language_of(suffix, start)
        if language is not None and not self._take_script(entry, path, size, language):
            return
        if not binary and size <= MAX_FILE_BYTES and suffix in TEXT_SUFFIXES:
            self.texts.append(path)
        if language is not None:
            return
        if entry.name == "pyproject.toml" or (suffix == ".txt" and "requirements" in entry.name):
            return  # the dependency engine reads it
        self.other["binary files" if binary else kind_of_suffix(suffix)].append(path)

    def _take_script(self, entry: os.DirEntry[str], path: str, size: int, language: Language) -> bool:
        """Take a file of a language other than Python; whether it was."""
        if size > MAX_FILE_BYTES:
            self.leave_out(path, f"too large: {size} bytes, the limit is {MAX_FILE_BYTES}")
            return False
        try:
            text = decode_text(Path(entry.path).read_bytes())
        except NotText as problem:
            self.leave_out(path, str(problem))
            return False
        if reason := generated_reason(entry.name, text):
            self.leave_out(path, reason)
            return False
        comment = "//" if language in {Language.JAVASCRIPT, Language.TYPESCRIPT} else "#"
        self.others[language].append(SourceFile(path=path, code_lines=_code_lines(text, comment)))
        return True

    def inventory(self) -> Inventory:
        """What was taken; files that no engine reads are named by their kind when there are several."""
        for kind, paths in sorted(self.other.items()):
            reason = f"no engine for {kind}"
            if len(paths) == 1:
                self.not_analysed.append(NotAnalysed(path=paths[0], engine=None, reason=reason))
            else:
                names = sorted(
                    {
                        f"*{suffix}" if (suffix := PurePosixPath(path).suffix) else PurePosixPath(path).name
                        for path in paths
                    }
                )
                several = f"{reason} ({len(paths)} files)"
                self.not_analysed.append(NotAnalysed(path=" ".join(names), engine=None, reason=several))
        return Inventory(
            files=tuple(self.files),
            stubs=tuple(self.stubs),
            others={language: tuple(files) for language, files in self.others.items()},
            texts=tuple(self.texts),
            broken=tuple(self.broken),
            not_analysed=tuple(self.not_analysed),
        )


def _code_lines(text: str, comment: str) -> int:
    lines = (line.strip() for line in text.split("\n"))
    return sum(1 for line in lines if line and not line.startswith(comment))
