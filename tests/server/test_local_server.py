"""Reaching the server that the settings name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.client.graphql_client import ServerUnreachable
from server.client.local_server import connected
from server.process import Running
from server.settings import Settings, load_settings


async def test_a_server_of_another_data_folder_is_told_from_none(live: Running, tmp_path: Path) -> None:
    port = urlsplit(live.address or "").port
    with pytest.raises(ServerUnreachable) as refusal:
        async with connected(load_settings(data_dir=tmp_path, port=port)):
            pass
    assert str(refusal.value) == (
        f"A WrenchAI answers at http://127.0.0.1:{port}, but this data folder ({tmp_path}) has no token: "
        "set WRENCHAI_DATA_DIR to the folder it was started with."
    )


async def test_its_own_data_folder_opens_it(live: Running, settings: Settings) -> None:
    port = urlsplit(live.address or "").port
    async with connected(load_settings(data_dir=settings.data_dir, port=port)) as client:
        assert await client.query("{ __typename }") == {"__typename": "Query"}
