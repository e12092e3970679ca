"""The playbooks that come with WrenchAI: files of this package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from uuid import UUID, uuid5

from domain.playbooks.checks import read_playbook
from domain.playbooks.saved import SavedPlaybook

SHIPPED = UUID("6f1b1f0e-6a0e-5c1e-9d0a-7f6d0a3c5b10")
"""The namespace of the ids of shipped playbooks: the same in every installation."""


@cache
def shipped_playbooks() -> Mapping[str, SavedPlaybook]:
    """The playbooks that come with WrenchAI, by name."""
    folder = files("domain.playbooks") / "library"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            document = file.read_text(encoding="utf-8")
            playbook = read_playbook(document)
            found[playbook.name] = SavedPlaybook(
                id=uuid5(SHIPPED, playbook.name),
                name=playbook.name,
                title=playbook.title,
                description=playbook.description,
                document=document,
            )
    return dict(sorted(found.items()))
