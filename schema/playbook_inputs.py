"""Inputs about playbooks."""

from __future__ import annotations

import strawberry
from strawberry import ID, UNSET

from domain.errors import Invalid
from domain.task import Priority
from domain.use_cases.playbooks import DeletePlaybook, RunPlaybook, SavePlaybook
from schema.absence import given
from schema.node_ids import decode_as
from schema.scalars import JSON
from schema.task_inputs import IDEMPOTENCY_KEY


@strawberry.input(description="What savePlaybook is given.")
class SavePlaybookInput:
    """A document."""

    document: str = strawberry.field(description="The YAML, at most 65,536 characters. It says the playbook's name.")
    expected_version: int | None = strawberry.field(
        default=UNSET, description="The version you have read, 0 for none; any if left out."
    )

    def command(self) -> SavePlaybook:
        """The same in terms of the domain."""
        return SavePlaybook(document=self.document, expected_version=given(self.expected_version))


@strawberry.input(description="What deletePlaybook is given.")
class DeletePlaybookInput:
    """A playbook to delete."""

    name: str = strawberry.field(description="Its name.")

    def command(self) -> DeletePlaybook:
        """The same in terms of the domain."""
        return DeletePlaybook(name=self.name)


@strawberry.input(description="What runPlaybook is given.")
class RunPlaybookInput:
    """A playbook to run."""

    project_id: ID = strawberry.field(description="The project it shall run on.")
    name: str = strawberry.field(description="Its name.")
    inputs: JSON | None = strawberry.field(default=UNSET, description="Its inputs: an object.")
    title: str | None = strawberry.field(default=UNSET, description="The task's title; the playbook's if left out.")
    priority: Priority = strawberry.field(default=Priority.NORMAL, description="How urgent it is.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> RunPlaybook:
        """The same in terms of the domain.

        Raises:
            Invalid: the inputs are not an object.
        """
        inputs = given(self.inputs)
        if inputs is not None and not isinstance(inputs, dict):
            raise Invalid("inputs must be an object.", path=("input", "inputs"))
        return RunPlaybook(
            project_id=decode_as("Project", self.project_id, path=("input", "projectId")),
            name=self.name,
            inputs=inputs or {},
            title=given(self.title),
            priority=self.priority,
        )
