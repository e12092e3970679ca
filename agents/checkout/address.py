"""Which git URLs are allowed, and how one is shown without its password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agents.checkout.policy import CheckoutPolicy, SourceUnavailable

SCP_LIKE = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[A-Za-z0-9][\w.-]*):(?!//)(?P<path>[^-].*)")


@dataclass(frozen=True, slots=True)
class Address:
    """A git URL that may be fetched: ``protocol`` is the only one git may use for it, ``shown`` is fit for messages."""

    url: str
    protocol: str
    shown: str
    path: str


def allowed_address(url: str, policy: CheckoutPolicy) -> Address:
    """Check a git URL, ``user@host:path`` or local path against the policy.

    Raises:
        SourceUnavailable: not a git URL, or of a kind or at a place that is not allowed.
    """
    helper = re.match(r"(\w+)::", url)
    if helper:  # "<helper>::<anything>" would run a program of that name
        _check_scheme(f"{helper[1]}::", policy)
    scp_like = SCP_LIKE.fullmatch(url)
    if scp_like and not url.startswith("/"):
        _check_scheme("ssh", policy)
        return Address(url, "ssh", f"{scp_like['host']}:{scp_like['path']}", scp_like["path"])
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise SourceUnavailable(f"The git URL cannot be read ({error}): write https://host/path.") from error
    if parts.scheme in {"", "file"}:
        return _local(url if not parts.scheme else unquote(parts.path), policy)
    _check_scheme(parts.scheme, policy)
    if not host or host.startswith("-") or not parts.path.strip("/"):
        raise SourceUnavailable("The git URL names no host or no repository: write https://host/path.")
    return Address(url, parts.scheme, f"{parts.scheme}://{host}{port}{parts.path}", parts.path)


def _check_scheme(scheme: str, policy: CheckoutPolicy) -> None:
    if scheme not in policy.schemes:
        allowed = ", ".join(sorted(policy.schemes)) or "none"
        raise SourceUnavailable(
            f"Git URLs of the kind {scheme!r} are not allowed (only {allowed}): see WRENCHAI_GIT_URL_SCHEMES."
        )


def _local(path: str, policy: CheckoutPolicy) -> Address:
    _check_scheme("file", policy)
    if not path.startswith("/"):
        raise SourceUnavailable(f"{path!r} is no git URL: write https://host/path, or an absolute path.")
    folder = Path(path).resolve()
    if not policy.allows(folder):
        raise SourceUnavailable(f"{folder} is outside the allowed folders: add it to WRENCHAI_SOURCE_ROOTS.")
    return Address(folder.as_uri(), "file", str(folder), str(folder))
