"""``wrenchai graphql`` against the running platform: what it prints, and how it ends."""

from __future__ import annotations

import json

from server.process import Running
from server.settings import Settings
from tests.server.test_approvals_command import wrenchai


async def test_errors_are_printed_and_end_it_with_1_whatever_was_asked(live: Running, settings: Settings) -> None:
    missing = "RXhlY3V0aW9uOgGiA4tQJHY4g872DzMhyYo"
    for document in (
        f'subscription {{ executionEvents(executionId: "{missing}") {{ cursor }} }}',
        '{ execution(id: "no id") { status } }',
    ):
        ended = await wrenchai(live, settings, "graphql", document)
        assert ended.returncode == 1, ended.stderr
        [error] = json.loads(ended.stdout)["errors"]
        assert error["extensions"]["code"] in {"NOT_FOUND", "BAD_USER_INPUT"}
        assert ended.stderr == ""
