"""The process that profiles one table with pandas: the arguments of ``data_analysis`` on standard input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from agents.tools.bounded import Refused, serve

LONGEST = 500
"""Characters of a value that is shown."""
MOST_CATEGORIES = 1_000
"""Groups that are answered."""
KINDS = ((pd.api.types.is_bool_dtype, "boolean"), (pd.api.types.is_numeric_dtype, "number"),
         (pd.api.types.is_datetime64_any_dtype, "time"))  # fmt: skip


def profile(request: Mapping[str, Any]) -> dict[str, Any]:
    """The profile of the table.

    Raises:
        Refused: it is no table, or has no such column.
    """
    frame, more = _read(request)
    if len(frame.columns) > request["max_columns"]:
        raise Refused(f"It has {len(frame.columns):,} columns; {request['max_columns']:,} are the most.")
    frame.columns = [str(name) for name in frame.columns]
    _known(frame, [*request["columns"], *request["group_by"], *request["aggregate"]])
    chosen = frame[request["columns"]] if request["columns"] else frame
    return {
        "rows": len(frame),
        "truncated": more,
        "memory_bytes": int(frame.memory_usage(deep=True).sum()),
        "duplicates": int(_hashable(frame).duplicated().sum()),
        "columns": [_column(chosen[name], request) for name in chosen.columns],
        "correlations": _correlations(chosen) if request["correlations"] else [],
        "groups": _groups(frame, request) if request["group_by"] else [],
        "sample": [
            {str(k): _plain(v) for k, v in row.items()} for row in chosen.head(request["sample"]).to_dict("records")
        ],
    }


def _read(request: Mapping[str, Any]) -> tuple[pd.DataFrame, bool]:
    """The table, cut at the most rows, and whether it was."""
    path, most = Path(request["path"]), request["max_rows"]
    try:
        frame = _parsed(path, request["format"], request["separator"], most + 1)
    except UnicodeDecodeError as error:
        raise Refused("It is not text in UTF-8.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(f"It is no {request['format']} table: {str(error)[:300]}.") from error
    if frame.empty and not len(frame.columns):
        raise Refused("It has no columns.")
    return frame.head(most), len(frame) > most


def _parsed(path: Path, kind: str, separator: str, most: int) -> pd.DataFrame:
    if kind == "csv":
        return pd.read_csv(path, sep=separator, nrows=most, encoding="utf-8", low_memory=False, compression=None)
    frame = pd.read_json(path, lines=kind == "jsonl", nrows=most if kind == "jsonl" else None, convert_dates=False)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError("it is not a list of objects")
    return frame


def _known(frame: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            there = ", ".join(map(repr, frame.columns[:50]))
            raise Refused(f"There is no column {name!r}; there are {there}.")


def _column(column: pd.Series[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    present = column.dropna()
    kind = next((kind for test, kind in KINDS if test(column.dtype)), "text")
    found: dict[str, Any] = {
        "name": column.name,
        "kind": kind,
        "missing": int(column.isna().sum()),
        "distinct": int(_hashable(present.to_frame()).nunique().iloc[0]) if len(present) else 0,
        "top": [
            {"value": _plain(value), "count": int(count)}
            for value, count in present.astype(str).value_counts().head(request["top"]).items()
        ],
    }
    if kind == "number" and len(present):
        numbers = present.astype(float)
        found |= {
            "mean": _plain(numbers.mean()),
            "deviation": _plain(numbers.std()),
            "minimum": _plain(numbers.min()),
            "maximum": _plain(numbers.max()),
            "quantiles": {f"{share:g}": _plain(numbers.quantile(share)) for share in request["quantiles"]},
        }
    return found


def _correlations(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Pearson's, of each pair of numeric columns, the strongest first."""
    numbers = frame.select_dtypes("number")
    matrix = numbers.iloc[:, :50].corr()
    names = list(matrix.columns)
    pairs = [
        {"first": first, "second": second, "pearson": _plain(matrix.loc[first, second])}
        for place, first in enumerate(names)
        for second in names[place + 1 :]
    ]
    return sorted((one for one in pairs if one["pearson"] is not None), key=lambda one: -abs(one["pearson"]))


def _groups(frame: pd.DataFrame, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted: Mapping[str, list[str]] = request["aggregate"]
    for name in wanted:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype) and set(wanted[name]) - {"count", "nunique"}:
            raise Refused(f"The column {name!r} holds no numbers: only count and nunique can be had of it.")
    grouped = _hashable(frame).groupby(request["group_by"], dropna=False, sort=True)
    sizes = grouped.size()
    values = grouped.agg(dict(wanted)) if wanted else None
    found = []
    for key, size in list(sizes.items())[:MOST_CATEGORIES]:
        keys = key if isinstance(key, tuple) else (key,)
        group = {"by": dict(zip(request["group_by"], map(_plain, keys), strict=True)), "rows": int(size), "values": {}}
        if values is not None:
            row = values.loc[[key]].iloc[0]
            group["values"] = {f"{name}.{how}": _plain(row[(name, how)]) for name in wanted for how in wanted[name]}
        found.append(group)
    return found


def _hashable(frame: pd.DataFrame) -> pd.DataFrame:
    """Lists and objects in cells, which JSON may have, as texts: they can be told apart then."""
    nested = [
        name for name in frame.columns
        if frame[name].dtype == object and frame[name].map(lambda one: isinstance(one, list | dict)).any()
    ]  # fmt: skip
    return frame.assign(**{name: frame[name].astype(str) for name in nested}) if nested else frame


def _plain(value: Any) -> Any:
    """The value as JSON: nothing that is no number."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float) else str(value)[:LONGEST]


if __name__ == "__main__":
    serve(profile)
