"""How tests are spread over processes: a file goes to one of them, and what takes long begins first."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]

TOGETHER = ("tests/packaging/",)
"""Folders whose tests share what takes long to make, so that all of them go to one process."""
COMMON = 180.0
"""Seconds that a test may take where nothing else is said."""


class Spread(LoadFileScheduling):  # type: ignore[misc]
    """``--dist loadfile``, and folders of ``TOGETHER`` as if they were files."""

    def _split_scope(self, nodeid: str) -> str:
        return room(nodeid)


def room(nodeid: str) -> str:
    """The file or folder whose tests stay together."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread | None:
    """Spread by ``Spread`` instead of ``loadfile``."""
    return Spread(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what may take longest, or one process would be left with it while the others have nothing to do."""
    longest: dict[str, float] = {}
    for item in items:
        place = room(item.nodeid)
        longest[place] = max(longest.get(place, 0.0), _limit(item))
    items.sort(key=lambda item: -longest[room(item.nodeid)])


def _limit(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None and marker.args else COMMON
