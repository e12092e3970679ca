"""The npm packages of the clients and linters, installed from their registry into a folder of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hatch_build import Node, find_node

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema" / "schema.graphql"


def require_node() -> Node:
    """A Node.js that is new enough."""
    node = find_node()
    assert node is not None, "install the development dependencies: they bring Node.js"
    return node


@dataclass(frozen=True)
class NpmPackages:
    """An installation in ``folder``, with our scripts beside ``node_modules``."""

    folder: Path
    node: Node

    @classmethod
    def install(cls, folder: Path) -> NpmPackages:
        """Install what the lock file says, without running any package's scripts."""
        for name in ("package.json", "package-lock.json", ".npmrc", "relay.config.json"):
            shutil.copy(HERE / name, folder)
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, folder)
        shutil.copytree(HERE / "clients", folder / "clients")
        node = require_node()
        node.run(str(node.npm), "ci", folder=folder)
        return cls(folder, node)

    def version(self, package: str) -> str:
        """The version that is installed."""
        manifest = json.loads((self.folder / "node_modules" / package / "package.json").read_text())
        return str(manifest["version"])

    @property
    def environment(self) -> dict[str, str]:
        """The variables of this process, with our Node.js first on the path."""
        return os.environ | {"PATH": f"{self.node.program.parent}{os.pathsep}{os.environ['PATH']}"}

    async def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """``node ARGUMENTS`` in the folder: its exit code, and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            str(self.node.program),
            *arguments,
            cwd=self.folder,
            env=self.environment | variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()
