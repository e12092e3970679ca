"""Say what is wrong with a playbook, and where."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agents.catalogue import InstalledAgents
from agents.contract import Tool, ToolScope
from domain.playbooks import problems_of


class PlaybookDocument(BaseModel):
    """What to check."""

    document: str = Field(max_length=200_000, description="The playbook, as YAML.")


class PlaybookProblem(BaseModel):
    """One thing that is wrong."""

    line: int
    column: int
    reason: str


class PlaybookVerdict(BaseModel):
    """What was found."""

    valid: bool = Field(description="Whether it could be saved and run here.")
    problems: list[PlaybookProblem] = Field(description="Everything that is wrong, in its order.")


class PlaybookValidation(Tool[PlaybookDocument, PlaybookVerdict]):
    """Checks the document against the agents that are installed here; nothing of it is run."""

    name = "playbook_validation"
    version = "1.0"
    purpose = "Says what is wrong with a playbook, each problem with its line and column."
    licence = "Apache-2.0"
    example = PlaybookDocument(document="name: audit\nsteps:\n  - {id: audit, agent: inspector}\n")
    arguments_model = PlaybookDocument
    result_model = PlaybookVerdict

    async def run(self, scope: ToolScope, arguments: PlaybookDocument) -> PlaybookVerdict:
        """Read it and check it."""
        found = problems_of(arguments.document, InstalledAgents(concurrency=1))
        problems = [PlaybookProblem(line=one.line, column=one.column, reason=one.reason) for one in found]
        return PlaybookVerdict(valid=not problems, problems=problems)
