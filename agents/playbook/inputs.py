"""What a task may tell the agent that runs playbooks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.errors import Invalid
from domain.playbooks import PlaybookInvalid, read_playbook


class PlaybookInputs(BaseModel):
    """A playbook with its inputs. The document comes along: a run does not change when somebody saves the next one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    playbook: str | None = Field(default=None, description="Name of the playbook, for people.")
    version: int | None = Field(default=None, description="Which version of it this is, for people.")
    document: str = Field(description="The playbook, as YAML.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Its inputs by name.")

    @field_validator("document")
    @classmethod
    def _is_playbook(cls, document: str) -> str:
        try:
            read_playbook(document)
        except PlaybookInvalid as invalid:
            raise ValueError(invalid.message.rstrip(".")) from None
        return document

    @model_validator(mode="after")
    def _fit(self) -> PlaybookInputs:
        try:
            read_playbook(self.document).given(self.inputs)
        except Invalid as invalid:
            raise ValueError(invalid.message.rstrip(".")) from None
        return self
