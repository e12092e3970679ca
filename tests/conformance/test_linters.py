"""The schema and the console's examples under the linters of others, and the check that these linters do look."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conformance.npm_packages import SCHEMA, NpmPackages
from tests.conformance.outcomes import recorded

EXAMPLES = SCHEMA.parents[1] / "frontend" / "src" / "examples"

pytestmark = pytest.mark.verify


def without(schema: str, field: str) -> str:
    """The schema without the fields that are declared so."""
    poorer, count = re.subn(rf'\n  """[^"]*"""\n  {re.escape(field)}\n', "\n", schema)
    assert count
    return poorer


async def lint(npm_packages: NpmPackages, schema: str, examples: dict[str, str]) -> list[str]:
    """What ESLint finds, as ``file: rule``."""
    target = npm_packages.folder / "lint"
    shutil.rmtree(target, ignore_errors=True)
    (target / "examples").mkdir(parents=True)
    (target / "schema.graphql").write_text(schema)
    for name, text in examples.items():
        (target / "examples" / name).write_text(text)
    code, output = await npm_packages.run(
        "node_modules/eslint/bin/eslint.js",
        *("lint", "--format", "json"),
        SCHEMA="lint/schema.graphql",
        DOCUMENTS="lint/examples",
    )
    assert code in (0, 1), output
    results = json.loads(output)
    assert len(results) == 1 + len(examples), "every file is looked at"
    return [f"{Path(one['filePath']).name}: {message['ruleId']}" for one in results for message in one["messages"]]


async def test_graphql_eslint_finds_nothing(npm_packages: NpmPackages, request: pytest.FixtureRequest) -> None:
    with recorded(request, "graphql-eslint", npm_packages.version("@graphql-eslint/eslint-plugin")) as row:
        examples = {path.name: path.read_text() for path in EXAMPLES.glob("*.graphql")}
        assert len(examples) >= 10
        assert await lint(npm_packages, SCHEMA.read_text(), examples) == []
        row.show("result", f"nothing found in the schema and {len(examples)} operations")


async def test_graphql_eslint_finds_what_was_planted(npm_packages: NpmPackages) -> None:
    schema = without(SCHEMA.read_text(), "hasNextPage: Boolean!") + "\ntype snake_case { id: ID! }\n"
    found = await lint(npm_packages, schema, {"bad.graphql": "query Bad { viewer { shoeSize } }\n"})
    for rule in ("relay-page-info", "naming-convention", "require-description", "no-unreachable-types"):
        assert f"schema.graphql: @graphql-eslint/{rule}" in found
    assert "bad.graphql: @graphql-eslint/fields-on-correct-type" in found


async def changes(npm_packages: NpmPackages, before: str, after: str) -> list[dict[str, str]]:
    for name, text in (("before.graphql", before), ("after.graphql", after)):
        (npm_packages.folder / name).write_text(text)
    code, output = await npm_packages.run("inspector_diff.mjs", "before.graphql", "after.graphql")
    assert code == 0, output
    found: list[dict[str, str]] = json.loads(output)
    return found


async def test_graphql_inspector_tells_breaking_changes(
    npm_packages: NpmPackages, request: pytest.FixtureRequest
) -> None:
    with recorded(request, "graphql-inspector", npm_packages.version("@graphql-inspector/core")) as row:
        schema = SCHEMA.read_text()
        assert await changes(npm_packages, schema, schema) == []
        poorer = without(schema, "statusReason: String")
        broken = await changes(npm_packages, schema, poorer)
        assert {(one["path"], one["level"]) for one in broken} >= {("Task.statusReason", "BREAKING")}
        assert {one["level"] for one in await changes(npm_packages, poorer, schema)} == {"NON_BREAKING"}
        row.show("result", "a planted breaking change is found")
