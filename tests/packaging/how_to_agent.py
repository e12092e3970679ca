"""The agent of the how-to, written down word for word."""

from pathlib import Path

from tests.packaging.checkout import ROOT
from tests.packaging.test_documents import blocks

PAGE = ROOT / "docs/how-to/write-an-agent.md"


def write_agent(folder: Path) -> None:
    """Write each file of the page into an empty folder."""
    python = blocks(PAGE, "python")
    (folder / "pyproject.toml").write_text("\n".join(blocks(PAGE, "toml")))
    (folder / "licence_header.py").write_text(python[0])
    (folder / "cases.yaml").write_text(blocks(PAGE, "yaml")[0])
    (folder / "test_cases.py").write_text(python[1])
    (folder / "test_second_audit.py").write_text(python[2])
