"""References to a thing by one of its names."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID, UNSET


@strawberry.input(one_of=True, description="A project by its id or its key.")
class ProjectReference:
    """One of its names."""

    id: ID | None = strawberry.field(default=UNSET, description="Its id.")
    key: str | None = strawberry.field(default=UNSET, description="Its key, for example WR.")


@strawberry.input(one_of=True, description="A task by its id or its key.")
class TaskReference:
    """One of its names."""

    id: ID | None = strawberry.field(default=UNSET, description="Its id.")
    key: str | None = strawberry.field(default=UNSET, description="Its key, for example WR-12.")


ByProject: TypeAlias = Annotated[ProjectReference, strawberry.argument(description="Which project.")]
ByTask: TypeAlias = Annotated[TaskReference, strawberry.argument(description="Which task.")]
