"""The shared ground of the fault tests, and the two ways to subscribe."""

from __future__ import annotations

import pytest

from tests.faults.conftest import api, caller, folder, ground
from tests.streams.subscribers import Subscriber, over_sse, over_websocket

__all__ = ["api", "caller", "folder", "ground"]


@pytest.fixture(params=[over_websocket, over_sse], ids=["websocket", "sse"])
def subscriber(request: pytest.FixtureRequest) -> Subscriber:
    """A transport."""
    chosen: Subscriber = request.param
    return chosen
