"""Playbooks: recurring work as one YAML file."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import Parent

import domain.playbooks.document as document
import domain.playbooks.saved as domain
from domain.playbooks.document import InputType
from resolvers import playbooks
from schema.connections import Connection, connection
from schema.node import Node, represents
from schema.scalars import JSON


@strawberry.type(description="Something that is wrong with a playbook, and where.")
class PlaybookProblem:
    """A problem with its place."""

    line: int = strawberry.field(description="The line, from 1.")
    column: int = strawberry.field(description="The column, from 1, in characters.")
    reason: str = strawberry.field(description="What is wrong, in a sentence.")


def _choices(root: Parent[document.PlaybookInput]) -> list[JSON]:
    return [JSON(choice) for choice in root.choices]


def _default(root: Parent[document.PlaybookInput]) -> JSON | None:
    return None if root.default is None else JSON(root.default)


def _type(root: Parent[document.PlaybookInput]) -> InputType:
    return root.type


@strawberry.type(description="Something a playbook is given.")
class PlaybookParameter:
    """An input of a playbook."""

    name: str = strawberry.field(description="Its name.")
    type = strawberry.field(_type, graphql_type=InputType, description="Its type.")
    description: str = strawberry.field(description="What it is for.")
    required: bool = strawberry.field(description="Whether it has to be given.")
    default = strawberry.field(_default, description="What it is when it is left out.")
    choices = strawberry.field(_choices, description="All that it may be; empty: anything of its type.")


@represents(domain.PlaybookVersion)
@strawberry.type(description="A playbook as it was saved at some time. The last 100 are kept.")
class PlaybookVersion(Node):
    """A version."""

    version: int = strawberry.field(description="Its number, from 1.")
    document: str = strawberry.field(description="The YAML.")
    saved_by: str = strawberry.field(description="Who saved it, for example user:local-owner.")
    saved_at: datetime = strawberry.field(description="When it was saved.")


def _inputs(root: Parent[domain.SavedPlaybook]) -> list[document.PlaybookInput]:
    found = playbooks.read(root)
    return [] if found is None else list(found.inputs)


def _steps(root: Parent[domain.SavedPlaybook]) -> list[str]:
    found = playbooks.read(root)
    return [] if found is None else [step.id for step in found.steps]


@represents(domain.SavedPlaybook)
@strawberry.type(description="Recurring work as one YAML file: tasks with conditions, fan-out and approvals.")
class Playbook(Node):
    """A playbook of the workspace, or one that comes with WrenchAI."""

    name: str = strawberry.field(description="Its name; the only one of this name in the workspace.")
    title: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it is for.")
    document: str = strawberry.field(description="The YAML.")
    version: int = strawberry.field(description="Grows with each other document; 1 of a shipped one.")
    shipped: bool = strawberry.field(description="Whether it comes with WrenchAI, and cannot be changed.")
    inputs = strawberry.field(_inputs, graphql_type=list[PlaybookParameter], description="What it is given.")
    steps = strawberry.field(_steps, description="The ids of its steps, in the order of the document.")
    saved_by: str | None = strawberry.field(description="Who saved it last; null of a shipped one.")
    created_at: datetime | None = strawberry.field(description="When it was saved first; null of a shipped one.")
    updated_at: datetime | None = strawberry.field(description="When it was saved last; null of a shipped one.")
    versions = connection(
        playbooks.versions_of,
        Connection[PlaybookVersion],
        "playbook.versions",
        "Its versions, the newest first; none of a shipped one.",
    )
