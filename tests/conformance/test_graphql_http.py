"""GraphQL over HTTP, judged by the audit of its reference implementation."""

from __future__ import annotations

import json

import pytest

from server.process import Running
from tests.conformance.npm_packages import NpmPackages
from tests.conformance.outcomes import recorded


@pytest.mark.verify
async def test_every_audit_of_graphql_http_passes(
    live: Running, token: str, npm_packages: NpmPackages, request: pytest.FixtureRequest
) -> None:
    with recorded(request, "graphql-http audit", npm_packages.version("graphql-http")) as row:
        code, output = await npm_packages.run("graphql_http_audit.mjs", f"{live.address}/graphql", token)
        assert code == 0, output
        results = json.loads(output)
        assert len(results) >= 61
        assert [result for result in results if result["status"] != "ok"] == []
        row.show("result", f"{len(results)} of {len(results)}")
