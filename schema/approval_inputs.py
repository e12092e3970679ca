"""Inputs about approvals."""

from __future__ import annotations

import strawberry
from strawberry import ID, UNSET

from domain import commands
from schema.absence import given
from schema.node_ids import decode_as
from schema.task_inputs import IDEMPOTENCY_KEY


@strawberry.input
class Decision:
    """What both verdicts are given."""

    approval_id: ID = strawberry.field(description="The approval.")
    digest: str = strawberry.field(description="Digest of the action you have read: no other one is decided.")
    comment: str | None = strawberry.field(default=UNSET, description="Why, for those who will read it.")
    expected_version: int | None = strawberry.field(
        default=UNSET, description="The version you read; refused if somebody has voted since."
    )
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.DecideAction:
        """The same in terms of the domain."""
        return commands.DecideAction(
            approval_id=decode_as("Approval", self.approval_id, path=("input", "approvalId")),
            digest=self.digest,
            comment=given(self.comment),
            expected_version=given(self.expected_version),
        )


@strawberry.input(description="What approve is given.")
class ApproveInput(Decision):
    """An action to approve."""


@strawberry.input(description="What reject is given.")
class RejectInput(Decision):
    """An action to reject."""
