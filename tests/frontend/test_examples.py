import json
import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "frontend/src/examples").glob("*.graphql"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_valid_against_the_committed_schema(example: Path) -> None:
    schema = build_schema((ROOT / "schema/schema.graphql").read_text())
    text = example.read_text()
    document = parse(text)
    assert [error.message for error in validate(schema, document)] == []

    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    comment = re.search(r"^# variables\n((?:#.*\n)+)", text, re.MULTILINE)
    variables = json.loads(re.sub(r"(?m)^# ?", "", comment[1])) if comment else {}
    coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
    assert not isinstance(coerced, list), coerced


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_says_what_it_shows(example: Path) -> None:
    title, description = example.read_text().splitlines()[:2]
    assert title.startswith("# ")
    assert title.endswith(".")
    assert description.startswith("# ")
