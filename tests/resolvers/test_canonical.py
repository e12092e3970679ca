"""Equal requests hash alike, different ones do not."""

from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

import pytest

from domain.commands import CreateTasks, TaskDraft
from domain.task import Priority, RetryPolicy
from resolvers.canonical import canonical_json, request_hash

PROJECT = UUID(int=1)


def command(**changes: object) -> CreateTasks:
    draft: dict[str, object] = {"title": "Audit", "agent": "inspector", "inputs": {"b": 1, "a": [1.5, None]}, **changes}
    return CreateTasks(project_id=PROJECT, tasks=(TaskDraft(**draft),))  # type: ignore[arg-type]


def test_the_order_of_keys_and_the_kind_of_mapping_do_not_matter() -> None:
    other = command(inputs=MappingProxyType({"a": [1.5, None], "b": 1}))
    assert request_hash("create_tasks", command()) == request_hash("create_tasks", other)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "audit"},
        {"inputs": {"b": 1, "a": [1.5]}},
        {"priority": Priority.HIGH},
        {"timeout": timedelta(seconds=1)},
        {"retry": RetryPolicy(max_attempts=2)},
        {"labels": ("x",)},
    ],
)
def test_any_difference_makes_another_hash(changes: dict[str, object]) -> None:
    assert request_hash("create_tasks", command()) != request_hash("create_tasks", command(**changes))


def test_the_use_case_is_part_of_the_request() -> None:
    assert request_hash("create_tasks", command()) != request_hash("update_task", command())


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        canonical_json({"x": object()})
