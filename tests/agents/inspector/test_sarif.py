"""The SARIF log has the shape of the standard, checked against the object model generated from its schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attr
import sarif_om  # type: ignore[import-untyped]

from agents.testing import AgentRun
from domain.finding import FindingState
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]

CLASSES = {
    "SarifLog": {"runs": "Run"},
    "Run": {"tool": "Tool", "invocations": "Invocation", "results": "Result"},
    "Tool": {"driver": "ToolComponent", "extensions": "ToolComponent"},
    "ToolComponent": {"rules": "ReportingDescriptor"},
    "ReportingDescriptor": {"defaultConfiguration": "ReportingConfiguration"},
    "ReportingConfiguration": {},
    "Invocation": {"toolExecutionNotifications": "Notification"},
    "Notification": {"message": "Message"},
    "Message": {},
    "Result": {"message": "Message", "locations": "Location", "fixes": "Fix", "suppressions": "Suppression"},
    "Location": {"physicalLocation": "PhysicalLocation"},
    "PhysicalLocation": {"artifactLocation": "ArtifactLocation", "region": "Region"},
    "ArtifactLocation": {},
    "Region": {},
    "Fix": {"artifactChanges": "ArtifactChange"},
    "ArtifactChange": {"artifactLocation": "ArtifactLocation", "replacements": "Replacement"},
    "Replacement": {"deletedRegion": "Region", "insertedContent": "ArtifactContent"},
    "ArtifactContent": {},
    "Suppression": {},
}
NAMED_OTHERWISE = {("Suppression", "status"): "state"}
"""The model was generated from a draft, in which this property had another name."""

ALLOWED = {
    "level": {"none", "note", "warning", "error"},
    "baselineState": {"new", "unchanged", "updated", "absent"},
    "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "kind": {"inSource", "external"},
    "status": {"accepted", "underReview", "rejected"},
}


def check(value: dict[str, Any], name: str, seen: Counter[str]) -> None:
    """Every property is one of the standard, every required one is there, every enumerated value is allowed."""
    seen[name] += 1
    attributes = attr.fields(getattr(sarif_om, name))
    properties = {one.metadata["schema_property_name"]: one for one in attributes}
    named = {NAMED_OTHERWISE.get((name, key), key) for key in value}
    assert named <= properties.keys(), (name, named - properties.keys())
    required = {key for key, one in properties.items() if one.default is attr.NOTHING}
    assert required <= value.keys(), (name, required - value.keys())
    for key, content in value.items():
        if key in ALLOWED:
            assert content in ALLOWED[key], (name, key, content)
        if kind := CLASSES[name].get(key):
            for item in content if isinstance(content, list) else [content]:
                check(item, kind, seen)
    if name == "Region":
        assert all(number >= 1 for number in value.values())
        assert value.get("endLine", value["startLine"]) >= value["startLine"]


async def test_the_log_has_the_shape_of_the_standard(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    known = [
        replace(one, state=FindingState.WAIVED, waiver_reason="not open yet") if one.rule == "S602" else one
        for one in sample_run.findings
        if one.rule != "F401"
    ]
    orders = bookshop / "bookshop" / "orders.py"
    orders.write_text(orders.read_text("utf-8").replace("eval(text)", "[(text, 1)]"), "utf-8")
    run = await audit(bookshop, known)
    log = json.loads(run.artifacts["audit.sarif"])
    seen: Counter[str] = Counter()
    check(log, "SarifLog", seen)
    assert set(seen) == set(CLASSES)
    assert log["version"] == "2.1.0"

    [the_run] = log["runs"]
    results = the_run["results"]
    assert len(results) == len(run.findings)
    states = Counter(result["baselineState"] for result in results)
    assert states == {"new": 1, "absent": 1, "unchanged": len(run.findings) - 2}
    rules = the_run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert {result["partialFingerprints"]["wrenchai/v1"] for result in results} == {
        one.fingerprint for one in run.findings
    }
    [waived] = [result for result in results if "suppressions" in result]
    assert waived["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "not open yet"}]
    said = [one["message"]["text"] for one in the_run["invocations"][0]["toolExecutionNotifications"]]
    assert "Not analysed: bookshop/cover.bin: no engine for binary files" in said


async def test_its_fixes_do_what_the_patch_does(sample_run: Run) -> None:
    root = Path(__file__).parents[3] / "server" / "samples" / "bookshop"
    [the_run] = json.loads(sample_run.artifacts["audit.sarif"])["runs"]
    fixes = [result["fixes"][0] for result in the_run["results"] if "fixes" in result]
    assert len(fixes) == 2
    for fix in fixes:
        [change] = fix["artifactChanges"]
        lines = (root / change["artifactLocation"]["uri"]).read_text("utf-8").split("\n")
        [edit] = change["replacements"]
        region = edit["deletedRegion"]
        before = "\n".join(lines[region["startLine"] - 1 : region["endLine"] - 1]) + "\n"
        assert ("import os" in before) or ('f"printing"' in before)
        after = edit["insertedContent"]["text"]
        assert "import os" not in after
        assert 'f"printing"' not in after


async def test_paths_are_uris(audit: Audit, files: Callable[..., Path]) -> None:
    names = {"with space/grüße.py", "new\nline.py", "50%.py", "a#b?.py"}
    run = await audit(files(dict.fromkeys(names, '"""A."""\n\nimport os\n')), engines=("ruff",))
    [the_run] = json.loads(run.artifacts["audit.sarif"])["runs"]
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in the_run["results"]]
    assert {unquote(uri) for uri in uris} == names
    assert not any(character in uri for uri in uris for character in " \n#?")
