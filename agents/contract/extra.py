"""A package that comes with WrenchAI only on request."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec

from agents.contract.failures import ToolMissing


@dataclass(frozen=True, slots=True)
class Extra:
    """The extra of the distribution ``wrenchai`` that brings a module."""

    name: str
    module: str

    @property
    def installed(self) -> bool:
        """Whether the module is here."""
        return find_spec(self.module) is not None

    @property
    def install_hint(self) -> str:
        """The command that installs it."""
        return f"{sys.executable} -m pip install 'wrenchai[{self.name}]'"

    def require(self, tool: str) -> None:
        """Refuse to go on without it.

        Raises:
            ToolMissing: says the command that installs it.
        """
        if not self.installed:
            raise ToolMissing(f"{tool} needs {self.module}. To install it: {self.install_hint}")
