"""The toolbox of this installation: what is in the data folder, beside our Python and in the system."""

from __future__ import annotations

from pathlib import Path

from agents.toolbox import Toolbox
from agents.toolbox.known import OWN_VENV_TOOLS
from agents.toolbox.own_venvs import OwnVenvs
from agents.toolbox.registry import ToolRegistry
from persistence import data_folder
from server import __version__
from server.settings import Settings


def open_toolbox(settings: Settings) -> Toolbox:
    """The programs."""
    return Toolbox(_venvs(settings))


def open_registry(settings: Settings) -> tuple[ToolRegistry, Toolbox]:
    """All tools, and the programs among them."""
    toolbox = open_toolbox(settings)
    return ToolRegistry(toolbox), toolbox


def install(settings: Settings, name: str) -> Path:
    """Install a tool that has a virtual environment of its own; the path of its program. Takes minutes.

    Raises:
        NotInstalled: the message says why.
    """
    venv = OWN_VENV_TOOLS[name].own_venv
    assert venv is not None  # noqa: S101 - that is what the table is of
    data_folder.prepare(settings.data_dir, version=__version__)
    return _venvs(settings).install(name, venv)


def _venvs(settings: Settings) -> OwnVenvs:
    return OwnVenvs(settings.data_dir / "tools")
