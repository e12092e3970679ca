"""Under which folders local sources may lie: those of the settings, and those the owner has added since."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from agents.checkout import CheckoutPolicy, SourceUnavailable
from agents.checkout.address import allowed_address
from domain.commands import SourceDraft
from domain.errors import Invalid
from domain.project import SourceKind
from server.settings import Settings

FILE = "source-roots"


class SourceRoots:
    """See :class:`domain.ports.SourcePolicy`. Added roots are JSON, one a line, in ``<data dir>/source-roots``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.data_dir / FILE

    def checkout_policy(self) -> CheckoutPolicy:
        """What checkouts are held to now."""
        return CheckoutPolicy(
            roots=self._roots(),
            private=(self._settings.data_dir.resolve(),),
            schemes=frozenset(self._settings.git_url_schemes),
            max_bytes=self._settings.max_checkout_bytes,
            max_file_bytes=self._settings.max_file_bytes,
            timeout=timedelta(seconds=self._settings.checkout_timeout_seconds),
        )

    def add(self, root: Path) -> None:
        """Allow a folder and what is below it; one that is noted already is not noted twice.

        It is noted although the settings here may allow it: those of the server that runs may not.
        """
        folder = root.expanduser().resolve()
        if not any(folder.is_relative_to(noted) for noted in self._added()):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(str(folder)) + "\n")

    def check(self, draft: SourceDraft) -> SourceDraft:
        """The source with its location made absolute.

        Raises:
            Invalid: empty, outside the roots, not a folder, or a URL that the policy refuses.
        """
        path = ("input", "source", "location")
        if not draft.location.strip():  # which would be the folder that the server was started in
            raise Invalid("The location is empty: give a folder on this machine or a git URL.", path=path)
        if draft.kind is SourceKind.GIT:
            _refuse_secret(draft.location)
            try:
                allowed_address(draft.location, self.checkout_policy())
            except SourceUnavailable as error:
                raise Invalid(str(error), path=path) from error
            return draft
        folder = _folder_at(draft.location)
        if folder is None:
            raise Invalid(f"{draft.location!r} is not a folder on this machine.", path=path)
        if not self.checkout_policy().allows(folder):
            raise Invalid(
                f"{draft.location!r} lies outside the source roots: add its folder to WRENCHAI_SOURCE_ROOTS, or run "
                f"`wrenchai audit {draft.location}` once as the owner.",
                path=path,
            )
        return SourceDraft(kind=draft.kind, location=str(folder), revision=None)

    def _roots(self) -> tuple[Path, ...]:
        return (*self._settings.source_roots, *self._added())

    def _added(self) -> tuple[Path, ...]:
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        return tuple(Path(json.loads(line)) for line in lines)


def _refuse_secret(location: str) -> None:
    """A source is stored and shown, so its address must not hold what gives access to it."""
    parts = urlsplit(location)
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise Invalid(
            "The git URL holds a user or password, which would be stored and shown: leave it out, and let a git "
            "credential helper give it.",
            path=("input", "source", "location"),
        )


def _folder_at(location: str) -> Path | None:
    try:
        folder = Path(location).expanduser().resolve()
        return folder if folder.is_dir() else None
    except (OSError, ValueError, RuntimeError):
        return None
