"""Tools in the graph."""

from __future__ import annotations

from tests.schema.conftest import Graph

TOOLS = """{ tools {
  name kind version status problem installHint licence purpose sideEffects repeatable
  exitCodes { code meaning } argumentsSchema resultSchema
} }"""


async def test_programs_and_typed_tools_are_listed_without_the_database(graph: Graph) -> None:
    tools = {one["name"]: one for one in (await graph.run(TOOLS))["tools"]}
    assert list(tools) == sorted(tools)
    ruff, checkov, fetch = tools["ruff"], tools["checkov"], tools["web_fetch"]
    assert (ruff["kind"], ruff["status"], ruff["problem"], ruff["argumentsSchema"]) == (
        "PROGRAM",
        "AVAILABLE",
        None,
        None,
    )
    assert {"code": 1, "meaning": "findings"} in ruff["exitCodes"]
    assert (checkov["status"], checkov["version"], checkov["installHint"]) == (
        "MISSING",
        None,
        "wrenchai tools install checkov",
    )
    assert (fetch["kind"], fetch["sideEffects"], fetch["installHint"]) == ("TYPED", ["NETWORK"], None)
    assert fetch["argumentsSchema"]["properties"]["url"]["maxLength"] == 8_000
    assert await graph.counted(TOOLS) == 0
