"""A real MCP server over stdio whose behaviour a test decides. ``NOTES`` is its folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel

FOLDER = Path(os.environ["NOTES"])
WORDING = FOLDER / "wording"
READS = ToolAnnotations(read_only_hint=True)
server: MCPServer = MCPServer(name="notes", version="7.1")


class Note(BaseModel):
    text: str


def write_note(name: str, text: str) -> Note:
    with (FOLDER / name).open("a") as file:
        file.write(text)
    return Note(text=text)


server.add_tool(write_note, description=WORDING.read_text() if WORDING.exists() else "Write a note.")


@server.tool(annotations=READS)
def read_note(name: str) -> Note:
    """Read a note."""
    return Note(text=(FOLDER / name).read_text())


@server.tool(annotations=READS)
def family() -> str:
    """The ids of this process and of one that it has started in a session of its own."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    return f"{os.getpid()} {child.pid}"


@server.tool(annotations=READS)
def environment() -> str:
    """All variables."""
    return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items()))


@server.tool(annotations=READS)
def crash() -> str:
    """Die in the middle of the call."""
    with (FOLDER / "crashes").open("a") as file:
        file.write("x")
    os._exit(3)


@server.tool()
def wait(name: str) -> str:
    """End only when there is such a note."""
    (FOLDER / "waiting").touch()
    while not (FOLDER / name).exists():
        time.sleep(0.02)
    return "waited"


if __name__ == "__main__":
    server.run()
