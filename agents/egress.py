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
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given to anybody: what lies outside is local, reserved, or leads to an IPv4 address."""
SPECIAL: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20",
        ],
    )
)
"""What IANA's registries of special-purpose addresses hold that is not for everybody, within ``2000::/3`` for IPv6.

https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. They are written out since
those of ``ipaddress`` differ from one release of Python to the next, and take ``fec0::/10`` for a public network.
"""
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
    inside = _carried(address)
    if inside:
        reasons = ((inner, _private(inner)) for inner in inside)
        return next((f"which carries {inner}, {reason}" for inner, reason in reasons if reason is not None), None)
    for is_so, reason in (
        (address.is_loopback, "this machine itself"),
        (address.is_link_local, "a link-local address, where clouds keep their metadata"),
        (address.is_multicast, "a multicast address"),
        (address.is_unspecified, "no address at all"),
        (_is_special(address), "a private or reserved address"),
    ):
        if is_so:
            return reason
    return None


def _is_special(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return True
    return any(address.version == network.version and address in network for network in SPECIAL)


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside of an IPv6 address that leads there: of Teredo the server and the client."""
    if isinstance(address, IPv4Address):
        return ()
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.teredo:
        return address.teredo
    inner = address.ipv4_mapped or address.sixtofour
    return () if inner is None else (inner,)
