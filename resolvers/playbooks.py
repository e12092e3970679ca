"""Where playbooks come from: the rows of the workspace, and the files that come with WrenchAI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.errors import InvalidCursor
from domain.pages import Page, PageRequest, TotalCount
from domain.playbooks import Playbook, PlaybookInvalid, Problem, problems_of, read_playbook
from domain.playbooks.saved import PlaybookVersion, SavedPlaybook
from domain.playbooks.shipped import shipped_playbooks
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def listed(context: Context, window: Window) -> Connection[SavedPlaybook]:
    """All playbooks by name, the shipped ones among those of the workspace."""

    async def read(page: PageRequest) -> Page[SavedPlaybook]:
        return merged(await context.read.playbooks(context.workspace_id, page), page)

    return await connect_root("playbooks", read, window)


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[SavedPlaybook | None]:
    """Playbooks, the ones that are not there as ``None``."""
    shipped = {one.id: one for one in shipped_playbooks().values()}
    found = await context.read.playbooks_by_id(context.workspace_id, ids)
    return [shipped.get(id_) or saved for id_, saved in zip(ids, found, strict=True)]


async def by_name(context: Context, names: Sequence[str], _args: tuple[Any, ...]) -> list[SavedPlaybook | None]:
    """Playbooks by name, the ones that are not there as ``None``."""
    found = await context.read.playbooks_by_name(context.workspace_id, names)
    return [shipped_playbooks().get(name) or saved for name, saved in zip(names, found, strict=True)]


async def versions_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[PlaybookVersion | None]:
    """Versions, the ones that are not there as ``None``."""
    return await context.read.playbook_versions_by_id(context.workspace_id, ids)


async def versions_of(
    context: Context, playbooks: Sequence[SavedPlaybook], args: tuple[Any, ...]
) -> list[Page[PlaybookVersion]]:
    """The versions of each playbook, the newest first; a shipped one has none. ``args``: page."""
    (page,) = args
    return await context.read.versions_of_playbooks(context.workspace_id, [one.id for one in playbooks], page)


def read(saved: SavedPlaybook) -> Playbook | None:
    """What the document says; ``None`` when a newer WrenchAI cannot read it any more."""
    try:
        return read_playbook(saved.document)
    except PlaybookInvalid:
        return None


def problems(context: Context, document: str) -> list[Problem]:
    """What is wrong with a document, for this installation."""
    return list(problems_of(document, context.agents))


def merged(saved: Page[SavedPlaybook], page: PageRequest) -> Page[SavedPlaybook]:
    """A page of the playbooks of a workspace with the shipped ones among them.

    Raises:
        InvalidCursor: a position is no name.
    """
    for name, position in (("after", page.after), ("before", page.before)):
        if position is not None and (len(position) != 1 or not isinstance(position[0], str)):
            raise InvalidCursor(path=(name,))
    shipped = [
        one
        for one in shipped_playbooks().values()
        if (page.after is None or one.name > page.after[0]) and (page.before is None or one.name < page.before[0])
    ]
    whole = sorted([*saved.items, *shipped], key=lambda one: one.name)
    further = len(whole) > page.limit
    kept = whole[max(len(whole) - page.limit, 0) :] if page.backward else whole[: page.limit]
    total = saved.total
    return Page(
        items=tuple(kept),
        positions=tuple((one.name,) for one in kept),
        has_next=saved.has_next or (further and not page.backward),
        has_previous=saved.has_previous or (further and page.backward),
        total=None if total is None else TotalCount(value=total.value + len(shipped_playbooks()), exact=total.exact),
    )
