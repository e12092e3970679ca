"""Secrets: their names, and how one is set. There is no field with a value."""

from __future__ import annotations

from datetime import datetime

import strawberry

import domain.secret as domain
from domain.use_cases.secrets import DeleteSecret, SetSecret
from schema.node import Node, represents
from schema.payloads import Payload, changed


@represents(domain.Secret)
@strawberry.type(description="A value that tools get by its name and that nobody can read.")
class Secret(Node):
    """A secret without its value."""

    name: str = strawberry.field(description="What tools ask for it by; the only one of this name in the workspace.")
    key_id: str = strawberry.field(description="The master key under which it is kept.")
    updated_by: str = strawberry.field(description="Who set its value, for example user:local-owner.")
    created_at: datetime = strawberry.field(description="When it was first set.")
    updated_at: datetime = strawberry.field(description="When its value was set last.")


@strawberry.input(description="What setSecret is given.")
class SetSecretInput:
    """A value to keep."""

    name: str = strawberry.field(
        description="1 to 100 letters, digits, dots, dashes and underscores, the first a letter or digit."
    )
    value: str = strawberry.field(
        description="6 to 65,536 characters. Send it as a variable: documents may be logged on the way."
    )

    def command(self) -> SetSecret:
        """The same in terms of the domain."""
        return SetSecret(name=self.name, value=self.value)


@strawberry.input(description="What deleteSecret is given.")
class DeleteSecretInput:
    """A secret to forget."""

    name: str = strawberry.field(description="Its name.")

    def command(self) -> DeleteSecret:
        """The same in terms of the domain."""
        return DeleteSecret(name=self.name)


@strawberry.type(description="What setSecret answers.")
class SetSecretPayload(Payload):
    """See the description."""

    secret = changed(Secret, "The secret, without its value.")


@strawberry.type(description="What deleteSecret answers.")
class DeleteSecretPayload(Payload):
    """See the description."""

    secret = changed(Secret, "The secret as it was, without its value.")
