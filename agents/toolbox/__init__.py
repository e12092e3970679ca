"""The tools of the agents: what is known of each, where it is found, how it is installed and verified."""

from agents.toolbox.known import KNOWN_TOOLS, KnownTool
from agents.toolbox.programs import Program, Toolbox, install_hint

__all__ = ["KNOWN_TOOLS", "KnownTool", "Program", "Toolbox", "install_hint"]
