"""Hostile values in every argument of every query and mutation: the answer is coded, prompt, and leaves no trace."""

from __future__ import annotations

import collections

import pytest
from graphql import build_schema

from schema.node_ids import encode
from server.client.graphql_client import GraphQLClient
from tests.conformance.hostile_requests import RequestsOf
from tests.conformance.hostile_values import NOBODY
from tests.conformance.npm_packages import SCHEMA
from tests.conformance.prober import Prober
from tests.conformance.work import new_task


@pytest.mark.verify
@pytest.mark.timeout(400)
async def test_hostile_values_in_every_place(prober: Prober, client: GraphQLClient, project: str) -> None:
    task, other = await new_task(client, project, "Stay"), await new_task(client, project, "Stay, too")
    known = {
        "String": "harmless",
        "Int": 1,
        "Boolean": False,
        "ID": task,
        "Cursor": None,
        "JSON": {},
        "Decimal": "1",
        "DateTime": "2030-01-01T00:00:00Z",
        "Duration": "PT5M",
        "projectId": project,
        "taskId": task,
        "dependsOnId": other,
        "executionId": encode("Execution", NOBODY),
        "findingId": encode("Finding", NOBODY),
        "expectedVersion": 1_000_000,  # so that nothing is updated or deleted on the way
        "agent": "probe",
    }
    schema = build_schema(SCHEMA.read_text())
    places = collections.Counter[str]()
    refused, faults = 0, []
    rows = await prober.rows()
    for request in RequestsOf(schema, known).requests():
        answer = await prober.ask(request.document, request.variables)
        left = await prober.rows()
        refused += answer.refused
        if fault := answer.fault or (answer.refused and left != rows and "left a trace"):
            faults.append(f"{request.place}: {fault}")
        rows = left
        places[request.place.partition(":")[0]] += 1
    assert faults == []
    assert set(places) >= set(schema.mutation_type.fields if schema.mutation_type else ())
    assert places.total() > 1_500
    assert refused > 1_000
