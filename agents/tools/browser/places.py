"""Places in the network, as requests of a page and those that reach the proxy are compared."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def place_of(method: str, target: str) -> str:
    """``host:port`` of a URL, or of the target of a CONNECT; empty when there is none."""
    try:
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        port = parts.port or PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname and port else ""
