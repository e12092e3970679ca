"""What tools may reach in the network."""

from __future__ import annotations

from typing import Protocol

from agents.contract.failures import ToolFailure


class EgressRefused(ToolFailure):
    """The place must not be reached. The message says why, and how its owner allows it."""


class Egress(Protocol):
    """The one policy for everything that leaves this machine because somebody else said where to."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of the host, every one of them checked: connect to one of these and do not resolve again.

        Raises:
            EgressRefused: it does not resolve, or one of its addresses must not be reached.
        """
