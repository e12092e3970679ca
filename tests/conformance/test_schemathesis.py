"""Operations that schemathesis makes from the introspected schema, with a fixed seed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from server.process import Running
from tests.conformance.outcomes import recorded
from tests.conformance.prober import Answer, codes_of

SEED = 20_261_122
EXAMPLES = 20
"""For each root field."""
SECONDS = 60.0
"""After that no further root field is begun."""

for name, texts in {
    "DateTime": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.text(),
    "Duration": st.integers(0, 10**12).map(lambda seconds: f"PT{seconds}S") | st.text(),
    "Cursor": st.text(),
    "URL": st.text(),
}.items():
    schemathesis.graphql.scalar(name, texts.map(nodes.String))
schemathesis.graphql.scalar("JSON", st.integers().map(nodes.Int) | st.text().map(nodes.String))


@pytest.mark.verify
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # its own use
async def test_schemathesis_finds_no_server_error(live: Running, token: str, request: pytest.FixtureRequest) -> None:
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    with recorded(request, "schemathesis", schemathesis.__version__) as row:
        answers = await asyncio.to_thread(_probe, f"{live.address}/graphql", headers)
        assert [answer for answer in answers if answer.fault] == []
        assert sum(not answer.codes for answer in answers) > len(answers) // 10, "some are not refused"
        row.show("result", f"{len(answers)} operations, seed {SEED}, no server error")


def _probe(url: str, headers: dict[str, str]) -> list[Answer]:
    answers: list[Answer] = []
    schema = schemathesis.graphql.from_url(url, headers=headers)
    end = time.monotonic() + SECONDS
    for result in schema.get_all_operations():
        if time.monotonic() > end:
            break
        operation: Any = result.ok()  # type: ignore[union-attr]

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(headers=headers)
            payload = response.json()
            answers.append(Answer(response.status_code, payload, codes_of(payload), response.elapsed))

        ask()
    return answers
