"""JavaScript and TypeScript: planted defects are found, their clean twins are not, and no input stops an audit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.inspector.agent import Inspector
from agents.inspector.inputs import EngineName, InspectorInputs
from agents.inspector.javascript_rules import configuration, severity_of
from agents.testing import AgentRun, run_agent
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]
ENGINE = {"engines": ("javascript",)}

PLANTED = {
    "no-eval": "export const run = (text) => eval(text);",
    "use-isnan": "export const f = (x) => x === NaN;",
    "valid-typeof": 'export const f = (x) => typeof x === "strnig";',
    "no-dupe-keys": "export const a = { b: 1, b: 2 };",
    "no-const-assign": "const a = 1;\na = 2;\nexport { a };",
    "no-unreachable": "export function f() {\n  return 1;\n  f();\n}",
    "no-cond-assign": "export function f(x, y) {\n  if (x = y) return x;\n  return 2;\n}",
    "no-self-compare": "export const f = (x) => x === x;",
    "for-direction": "for (let i = 0; i < 10; i--) console.log(i);",
    "oxc/missing-throw": 'export function f() {\n  new Error("lost");\n}',
    "react/jsx-key": "export const F = ({ all }) => all.map((one) => <li>{one}</li>);",
    "react/no-danger": "export const F = ({ h }) => <p dangerouslySetInnerHTML={{ __html: h }} />;",
    "no-unused-vars": "export function f() {\n  const unused = 1;\n}",
}
CLEAN = {
    "no-eval": "export const run = (text) => JSON.parse(text);",
    "use-isnan": "export const f = (x) => Number.isNaN(x);",
    "valid-typeof": 'export const f = (x) => typeof x === "string";',
    "no-dupe-keys": "export const a = { b: 1, c: 2 };",
    "no-const-assign": "let a = 1;\na = 2;\nexport { a };",
    "no-unreachable": "export function f() {\n  f();\n  return 1;\n}",
    "no-cond-assign": "export function f(x) {\n  if (x === 1) return x;\n  return 2;\n}",
    "no-self-compare": "export const f = (x, y) => x === y;",
    "for-direction": "for (let i = 0; i < 10; i++) console.log(i);",
    "oxc/missing-throw": 'export function f() {\n  throw new Error("told");\n}',
    "react/jsx-key": "export const F = ({ all }) => all.map((one) => <li key={one}>{one}</li>);",
    "react/no-danger": "export const F = ({ h }) => <p>{h}</p>;",
    "no-unused-vars": "export function f(argument) {\n  const { b, ...rest } = { b: 1, a: 2 };\n  return rest;\n}",
}


@pytest.mark.parametrize("suffix", ["js", "tsx"])
async def test_planted_defects_and_their_clean_twins(audit: Audit, files: Write, suffix: str) -> None:
    def named(rule: str) -> str:
        # The names of the files must not be those of tests or examples.
        return f"{rule.replace('/', '_')}.{'jsx' if suffix == 'js' and rule.startswith('react') else suffix}"

    run = await audit(files({named(rule): code for rule, code in PLANTED.items()}), **ENGINE)
    assert {(one.rule, one.location.path) for one in run.findings} == {(rule, named(rule)) for rule in PLANTED}
    assert all(one.severity is severity_of(one.rule) and one.help_url for one in run.findings)
    clean = await audit(files({named(rule): code for rule, code in CLEAN.items()}), **ENGINE)
    assert [(one.rule, one.location.path) for one in clean.findings] == []
    assert clean.report.files_analysed == len(CLEAN)


async def test_complexity_obeys_the_inputs(audit: Audit, files: Write) -> None:
    branches = "".join(f"  if (x === {number}) x += {number};\n" for number in range(24))
    root = files({"a.js": f"export function f(x) {{\n{branches}  return x;\n}}\n"})
    [found] = (await audit(root, **ENGINE)).findings
    assert (found.rule, found.severity) == ("complexity", "MEDIUM")
    assert (await audit(root, **ENGINE, max_cyclomatic=30)).findings == []


async def test_places_are_told_in_characters(audit: Audit, files: Write) -> None:
    root = files({"a.js": "// Größe\nexport const größe = '日本', f = (x) => x === NaN;\n"})
    [found] = (await audit(root, **ENGINE)).findings
    line = (root / "a.js").read_text("utf-8").split("\n")[1]
    assert found.location.start_line == 2
    assert line[(found.location.start_column or 0) - 1 :].startswith("NaN")


async def test_a_file_that_cannot_be_parsed_is_one_finding(audit: Audit, files: Write) -> None:
    run = await audit(
        files({"a.js": "function (\n  let let\n", "tests/b.js": "let (", "good.ts": "export {}\n"}), **ENGINE
    )
    assert [(one.rule, one.location.path, one.severity) for one in run.findings] == [
        ("invalid-syntax", "a.js", "HIGH"),
        ("invalid-syntax", "tests/b.js", "LOW"),
    ]


async def test_the_repository_cannot_hide_its_defects_nor_bring_code(
    audit: Audit, files: Write, tmp_path: Path
) -> None:
    witness = tmp_path / "it-ran"
    plugin = f"require('fs').writeFileSync({json.dumps(str(witness))}, ''); module.exports = {{ rules: {{}} }};"
    off = json.dumps({"rules": {"no-eval": "off"}, "ignorePatterns": ["**"], "jsPlugins": ["./plugin.js"]})
    root = files({
        "src/a.js": PLANTED["no-eval"],
        ".storybook/b.js": PLANTED["no-eval"],
        "plugin.js": plugin,
        "oxlint.config.ts": f"require('fs').writeFileSync({json.dumps(str(witness))}, '');",
        ".oxlintrc.json": off,
        "src/.oxlintrc.json": off,
        ".eslintrc.json": off,
        ".eslintignore": "*",
        ".gitignore": "*",
    })  # fmt: skip
    run = await audit(root, **ENGINE)
    assert {(one.rule, one.location.path) for one in run.findings} == {
        ("no-eval", "src/a.js"),
        ("no-eval", ".storybook/b.js"),
    }
    assert not [one for one in run.report.not_analysed if one.engine == "javascript"]
    assert not witness.exists()


async def test_what_nobody_wrote_or_can_read(audit: Audit, files: Write) -> None:
    minified = "!function(e){" + "e.a=e.b;" * 1_000 + "}(window);"
    root = files({
        "huge.js": b"a();\n" * (50 * 2**20 // 5),
        "min.js": minified,
        "lib.min.js": "a()",
        "latin.js": "// Grüße\n".encode("latin-1"),
        "binary.js": b"\0\1",
        "qt_de.ts": '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS></TS>\n',
        "made.ts": "// @generated by a program\nexport {}\n",
        "-rf.js": PLANTED["no-eval"],
        "new\nline.ts": PLANTED["no-eval"],
        "node_modules/a.js": PLANTED["no-eval"],
    })  # fmt: skip
    (root / "link.js").symlink_to("/etc/hostname")
    run = await audit(root, **ENGINE)
    assert {one.location.path for one in run.findings} == {"-rf.js", "new\nline.ts"}
    said = {one.path: one.reason for one in run.report.not_analysed}
    assert said["huge.js"].startswith("too large")
    assert said["min.js"] == said["lib.min.js"] == "minified code; audit what it is made from"
    assert said["latin.js"].startswith("not UTF-8 (byte 0xfc at offset 5)")
    assert said["made.ts"] == "generated code; audit what it is generated from"
    assert said["link.js"] == "a symbolic link that leaves the source"
    assert "no engine for" in said["binary.js"]
    assert "no engine for" in said["qt_de.ts"]


async def test_nesting_that_kills_parsers_costs_its_file_only(audit: Audit, files: Write) -> None:
    deep = {"brackets.js": "x = " + "[" * 100_000, "sum.js": "x = " + "+".join(["a"] * 100_000)}
    run = await audit(files(deep | {"good.js": PLANTED["no-eval"]}), **ENGINE)
    assert ("no-eval", "good.js") in {(one.rule, one.location.path) for one in run.findings}
    [engine] = run.report.engines
    assert engine.skipped_reason is None


async def test_without_oxlint_the_report_says_so(files: Write) -> None:
    root = files({"a.js": PLANTED["no-eval"], "b.py": "import os\n"})
    run = await run_agent(Inspector(), root, InspectorInputs(), missing_tools=["oxlint"])
    engines = {one.engine: one for one in run.report.engines}
    assert engines["javascript"].skipped_reason == "oxlint is not installed; run: pip install oxlint"
    seen = {one.language: one.engines for one in run.report.languages}
    assert seen["JavaScript"] == []
    assert "ruff" in seen["Python"]
    without = await run_agent(
        Inspector(), files({}), InspectorInputs(engines=(EngineName.SHELL,)), missing_tools=["shellcheck"]
    )
    assert [one.skipped_reason for one in without.report.engines] == [None]


def test_every_rule_has_a_severity() -> None:
    rules = configuration(InspectorInputs())["rules"]
    assert len(rules) > 80
    assert {severity_of(rule) for rule in rules} == {"HIGH", "MEDIUM", "LOW", "INFO"}
