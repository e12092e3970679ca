"""The egress policy: only public addresses, besides those that the owner of the installation has allowed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from agents.contract.egress import EgressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
LONGEST_LOOKUP = 10.0
"""Seconds that resolving a name may take."""


class EgressPolicy:
    """See :class:`agents.contract.egress.Egress`.

    ``allow`` names hosts, addresses and networks (``10.1.0.0/16``) that may be reached although they are not public,
    each with ``:port`` behind it or for every port.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._hosts: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        for entry in allow:
            self._admit(entry.strip().lower())

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of the host, every one of them checked."""
        name = host.strip("[]").rstrip(".").lower()
        if not 0 < port < 65_536 or not name:
            raise EgressRefused(f"{host}:{port} is no place in the network.")
        found = await _resolved(name, port)
        if {(name, port), (name, None)} & self._hosts:
            return [str(one) for one in found]
        for address in found:
            reason = _private(address)
            if reason is not None and not self._allows(address, port):
                raise EgressRefused(
                    f"{host} is at {address}, {reason}: tools reach public addresses only. To allow it, add it to "
                    "WRENCHAI_EGRESS_ALLOW."
                )
        return [str(one) for one in found]

    def _admit(self, entry: str) -> None:
        name, port = _split(entry)
        try:
            self._networks.append((ipaddress.ip_network(name, strict=False), port))
        except ValueError:
            self._hosts.add((name, port))

    def _allows(self, address: Address, port: int) -> bool:
        return any(
            address.version == network.version and address in network and only in {None, port}
            for network, only in self._networks
        )


def _split(entry: str) -> tuple[str, int | None]:
    """The name and the port of ``name``, ``name:port`` or ``[address]:port``."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.startswith("[")):
        return name.strip("[]"), int(port)
    return entry.strip("[]"), None


async def _resolved(name: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LONGEST_LOOKUP):
            found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise EgressRefused(f"{name} was not resolved within {LONGEST_LOOKUP:g} seconds.") from None
    except (OSError, UnicodeError) as error:
        raise EgressRefused(f"{name} cannot be resolved: {error}.") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))


def _private(address: Address) -> str | None:
    """Why the address is not one of the public network; ``None`` when it is."""
    inner = _carried(address)
    if inner is not None:
        reason = _private(inner)
        return None if reason is None else f"which carries {inner}, {reason}"
    for is_so, reason in (
        (address.is_loopback, "this machine itself"),
        (address.is_link_local, "a link-local address, where clouds keep their metadata"),
        (address.is_multicast, "a multicast address"),
        (address.is_unspecified, "no address at all"),
        (not address.is_global or address.is_reserved, "a private or reserved address"),
    ):
        if is_so:
            return reason
    return None


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address inside of an IPv6 address that leads there."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
