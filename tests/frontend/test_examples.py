from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "frontend/src/examples").glob("*.graphql"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_valid_against_the_committed_schema(example: Path) -> None:
    schema = build_schema((ROOT / "schema/schema.graphql").read_text())
    assert [error.message for error in validate(schema, parse(example.read_text()))] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_says_what_it_shows(example: Path) -> None:
    title, description = example.read_text().splitlines()[:2]
    assert title.startswith("# ")
    assert title.endswith(".")
    assert description.startswith("# ")
