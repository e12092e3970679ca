"""The address of a service that a workspace uses: everybody who reads sees it, and a secret may be sent to it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from domain.errors import Invalid

MOST = 2_000
"""Characters."""


def check_service_url(url: str, field: str, *, sends: str | None) -> None:
    """Refuse an address that cannot be one, that holds a credential, or to which one would be sent in the open.

    ``field`` is the name of the input, ``sends`` what of secrets is sent there, such as "the key", if anything is.

    Raises:
        Invalid: ``path`` names the field.
    """
    path = ("input", field)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid(f"{field} is not a URL.", path=path) from None
    if parts.scheme not in {"http", "https"} or not host or len(url) > MOST or not url.isprintable() or " " in url:
        raise Invalid(f"{field} must be an http or https URL with a host.", path=path)
    if parts.username is not None or parts.password is not None:
        raise Invalid(f"{field} has a user or a password in it: keep it as a secret and name that.", path=path)
    if parts.query or parts.fragment:
        reason = f"{field} may have no query and no fragment: everybody sees it. Keep a key as a secret and name that."
        raise Invalid(reason, path=path)
    if parts.scheme == "http" and sends is not None and not _is_near(host):
        reason = f"Over http {sends} would be sent in the open: use https, or an address of this machine or network."
        raise Invalid(reason, path=path)


def _is_near(host: str) -> bool:
    """Whether it is this machine, or an address that is not reached over the internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
    return address.is_private or address.is_loopback or address.is_link_local
