"""Inputs about messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import strawberry
from strawberry import ID, UNSET

from domain import commands
from domain.errors import Invalid
from domain.message import MessageType
from schema.absence import given
from schema.node_ids import decode_as
from schema.scalars import JSON
from schema.task_inputs import IDEMPOTENCY_KEY


@strawberry.input(description="What sendMessage is given: exactly one of taskId and executionId.")
class SendMessageInput:
    """A message of a person."""

    task_id: ID | None = strawberry.field(
        default=UNSET, description="The task: whoever works on it, now or next, gets the message."
    )
    execution_id: ID | None = strawberry.field(
        default=UNSET, description="The execution: no other attempt at its task gets the message."
    )
    content: JSON = strawberry.field(description="What to say: JSON of at most 100,000 characters; a string is text.")
    type: MessageType = strawberry.field(default=MessageType.INFORM, description="INFORM, or REQUEST to be answered.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="What to say about it: an object.")
    expires_in: timedelta | None = strawberry.field(
        default=UNSET, description="For how long it may be taken; without limit when it is left out."
    )
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.SendMessage:
        """The same in terms of the domain."""
        task_id, execution_id = given(self.task_id), given(self.execution_id)
        if (task_id is None) == (execution_id is None):
            raise Invalid("Give either taskId or executionId.", path=("input", "taskId"))
        about: Any = given(self.metadata)
        if about is not None and not isinstance(about, Mapping):
            raise Invalid("metadata must be an object.", path=("input", "metadata"))
        task = None if task_id is None else decode_as("Task", task_id, path=("input", "taskId"))
        execution = (
            None if execution_id is None else decode_as("Execution", execution_id, path=("input", "executionId"))
        )
        return commands.SendMessage(
            task_id=task,
            execution_id=execution,
            type=self.type,
            content=self.content,
            metadata=about or {},
            expires_in=given(self.expires_in),
        )
