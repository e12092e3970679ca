"""Profiles of tables. Each test with a process of pandas looks at many things at once: starting it takes a second."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agents.contract import ToolFailure, ToolMissing, WrongInputs, extra
from agents.toolbox import Toolbox
from agents.toolbox.registry import ToolRegistry
from agents.tools import data_analysis
from domain.tool import ToolStatus
from tests.agents.tools.conftest import Call

TABLE = """country,kind,price,size,note
NL,a,1,2,x
NL,b,2,4,
DE,a,3,6,"a ""quoted"", cell"
DE,a,,8,x
,a,10,10,x
DE,a,3,6,"a ""quoted"", cell"
"""


async def test_a_table_is_profiled(call: Call, checkout: Path) -> None:
    (checkout / "t.csv").write_text(TABLE)
    done = await call(
        "data_analysis",
        path="t.csv",
        group_by=["country", "kind"],
        aggregate={"price": ["mean", "count"], "note": ["nunique"]},
        quantiles=[0.5],
        sample=1,
    )
    assert (done.rows, done.truncated, done.duplicates) == (6, False, 1)
    country, _kind, price, size, note = done.columns
    assert (country.kind, country.missing, country.distinct) == ("text", 1, 2)
    assert (country.top[0].value, country.top[0].count) == ("DE", 3)
    assert (price.kind, price.missing, price.mean, price.minimum, price.maximum) == ("number", 1, 3.8, 1, 10)
    assert price.quantiles == {"0.5": 3}
    assert (size.mean, note.missing, note.mean) == (6, 1, None)
    (correlation,) = done.correlations
    assert (correlation.first, correlation.second) == ("price", "size")
    assert correlation.pearson == pytest.approx(39.6 / (50.8 * 35.2) ** 0.5)
    groups = {tuple(one.by.values()): (one.rows, one.values) for one in done.groups}
    assert groups[("DE", "a")] == (3, {"price.mean": 3, "price.count": 2, "note.nunique": 2})
    assert groups[(None, "a")][0] == 1
    assert done.sample == [{"country": "NL", "kind": "a", "price": 1, "size": 2, "note": "x"}]


async def test_lines_of_json_are_a_table_and_rows_are_limited(call: Call, checkout: Path) -> None:
    rows = [{"name": f"n{n}", "tags": [n], "more": {"deep": n}, "on": n % 2 == 0} for n in range(10)]
    (checkout / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = await call("data_analysis", path="t.jsonl", max_rows=4, columns=["tags", "on"])
    assert (done.rows, done.truncated) == (4, True)
    tags, on = done.columns
    assert (tags.kind, tags.distinct, on.kind) == ("text", 4, "boolean")


@pytest.mark.parametrize(
    ("name", "content", "arguments", "said"),
    [
        ("t.csv", b"a,b\n1,2\n", {"columns": ["c"]}, "There is no column 'c'; there are 'a', 'b'"),
        ("t.csv", b"\xff\xfe\x00bad,\xff\n", {}, "not text in UTF-8"),
        pytest.param("t.json", b'{"a": ', {}, "no json table", marks=pytest.mark.verify),
        pytest.param("t.csv", b'a,b\n1,2,3\n"', {}, "no csv table", marks=pytest.mark.verify),
        ("t.csv", b"n\nx\n", {"group_by": ["n"], "aggregate": {"n": ["mean"]}}, "holds no numbers"),
    ],
)
async def test_what_is_no_such_table_is_said(
    call: Call, checkout: Path, name: str, content: bytes, arguments: dict[str, Any], said: str
) -> None:
    (checkout / name).write_bytes(content)
    with pytest.raises(ToolFailure, match=said):
        await call("data_analysis", path=name, **arguments)


async def test_what_is_not_in_the_checkout_is_not_read(call: Call, checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    (checkout / "link.csv").symlink_to(tmp_path / "t.csv")
    (checkout / "pipe.csv").mkdir()
    for name, said in (
        ("link.csv", "leads out of the checkout"),
        ("none.csv", "no file 'none.csv'"),
        ("pipe.csv", "not a regular file"),
        ("t.xyz", "does not say how it is written"),
    ):
        with pytest.raises(ToolFailure, match=said):
            await call("data_analysis", path=name)
    with (checkout / "large.csv").open("wb") as large:
        os.truncate(large.fileno(), data_analysis.LARGEST_FILE + 1)
    with pytest.raises(ToolFailure, match="are the most"):
        await call("data_analysis", path="large.csv")


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "../t.csv"},
        {"path": "t.csv", "quantiles": [2]},
        {"path": "t.csv", "aggregate": {"a": ["eval"]}},
        {"path": "t.csv", "query": "1"},
    ],
)
async def test_wrong_arguments_are_refused(call: Call, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongInputs):
        await call("data_analysis", **arguments)


async def test_without_pandas_the_command_that_installs_it_is_said(
    call: Call, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "t.csv").write_text(TABLE)
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(ToolMissing, match=r"data_analysis needs pandas. To install it: .* 'wrenchai\[data\]'"):
        await call("data_analysis", path="t.csv")
    facts = {one.name: one for one in await ToolRegistry(Toolbox()).all()}["data_analysis"]
    assert facts.status is ToolStatus.MISSING
    assert (facts.install_hint or "").endswith("pip install 'wrenchai[data]'")
