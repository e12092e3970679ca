"""Each kind of invalid playbook gets its line, its column and the reason; all problems are told at once."""

from __future__ import annotations

import json
import time

import pytest

from agents.catalogue import InstalledAgents
from domain.playbooks import PlaybookInvalid, problems_of, read_playbook
from domain.playbooks.nodes import DEEPEST, LONGEST, MOST_NODES

AGENTS = InstalledAgents(concurrency=1)

HEAD = "name: it\ninputs:\n  n: {type: integer, default: 1}\n  s: {default: x}\nsteps:\n"
STEP = "  - id: a\n    agent: inspector\n"

INVALID = [
    # the document
    ("empty", "", "1:1: The document is empty"),
    ("a list", "- 1", "1:1: A playbook must be a mapping, not a list."),
    ("no YAML", "name: it\nsteps: [", "2:9: This is no YAML: while parsing a flow node, expected the node content"),
    ("tabs", "\tname: it", "1:1: This is no YAML"),
    ("two documents", f"{HEAD}{STEP}---\nname: b", "8:1: A file holds one playbook"),
    ("NUL", "name: it\nsteps:\0", "2:7: There is a character that YAML does not allow."),
    ("an anchor", "name: &x it", "1:7: An anchor (&x) cannot be used here."),
    ("an alias", "name: &x it\ntitle: *x", "2:8: An alias (*x) cannot be used here"),
    ("a tag", "name: !!python/object:os.system x", "1:7: A tag (tag:yaml.org,2002:python/object:os.system)"),
    ("a merge", "name: it\n<<: {title: x}", "2:1: A playbook has no key '<<'"),
    ("too deep", "name: it\nsteps: " + "[" * 40, f"2:{8 + DEEPEST - 1}: This is nested deeper than {DEEPEST} levels."),
    ("too long", "#" * (LONGEST + 1), f"1:1: A playbook may have at most {LONGEST:,} characters"),
    (
        "too many",
        "name: it\nsteps: [" + "1," * MOST_NODES + "1]",
        f"A playbook may have at most {MOST_NODES:,} values.",
    ),
    ("a key that is a list", "[a]: 1\nname: it", "1:1: A key must be a text."),
    ("a key twice", f"{HEAD}{STEP}name: b", "8:1: The key 'name' is here twice: the first is in line 1."),
    # the top
    ("no steps", "name: it", "1:1: A playbook needs 'steps'."),
    ("no step", "name: it\nsteps: []", "2:8: A playbook needs at least one step."),
    ("steps that are a text", "name: it\nsteps: x", "2:8: 'steps' must be a list, not the text 'x'."),
    ("a bad name", f"name: Not It\nsteps:\n{STEP}", "1:7: A playbook's name has 1 to 63 lower-case letters"),
    ("an unknown key", f"{HEAD}{STEP}outptus: {{}}", "8:1: A playbook has no key 'outptus'; did you mean 'outputs'?"),
    ("a title of a wrong type", f"title: 3\n{HEAD}{STEP}", "1:8: 'title' must be a text, not the number 3."),
    # inputs
    ("a bad input name", f"name: it\ninputs: {{A-b: {{}}}}\nsteps:\n{STEP}", "2:10: An input's name has"),
    (
        "an unknown type",
        f"name: it\ninputs: {{a: {{type: int}}}}\nsteps:\n{STEP}",
        "2:20: 'type' must be one of string,",
    ),
    (
        "a default of another type",
        f"name: it\ninputs: {{a: {{type: list, default: x}}}}\nsteps:\n{STEP}",
        "2:35: The default of 'a' does not fit: it must be of type list, and it is the text 'x'.",
    ),
    (
        "a default that is no choice",
        f"name: it\ninputs: {{a: {{choices: [x, y], default: z}}}}\nsteps:\n{STEP}",
        "2:40: The default of 'a' does not fit: it must be one of x, y",
    ),
    # steps
    ("no id", f"{HEAD}  - agent: inspector", "6:5: A step needs 'id'."),
    ("a bad id", f"{HEAD}  - id: A b\n    agent: inspector", "6:9: A step's id has 1 to 63 lower-case letters"),
    ("an id twice", f"{HEAD}{STEP}{STEP}", "8:9: The id 'a' is taken by the step in line 6."),
    ("an unknown key of a step", f"{HEAD}{STEP}    need: []", "8:5: A step has no key 'need'; did you mean 'needs'?"),
    ("neither agent nor question", f"{HEAD}  - id: a", "6:5: The step 'a' has neither an agent nor a question"),
    (
        "a question with outputs",
        f"{HEAD}  - id: a\n    approve: Go?\n    outputs: {{}}",
        "8:5: 'outputs' is for steps with",
    ),
    ("an unknown agent", f"{HEAD}  - id: a\n    agent: inspektor", "7:12: There is no agent 'inspektor'; the agents:"),
    ("another playbook", f"{HEAD}  - id: a\n    agent: playbook", "7:12: A step cannot run another playbook."),
    ("an unknown need", f"{HEAD}{STEP}    needs: [b]", "8:13: There is no step 'b' to wait for; the steps: a."),
    ("a need of itself", f"{HEAD}{STEP}    needs: [a]", "8:13: The step 'a' needs itself."),
    ("a need twice", f"{HEAD}{STEP}    needs: [b, b]\n  - {{id: b, agent: inspector}}", "8:16: 'b' is needed twice."),
    (
        "a cycle",
        f"{HEAD}{STEP}    needs: [b]\n  - {{id: b, agent: inspector, needs: [a]}}",
        "8:13: Steps wait for each other: a → b → a.",
    ),
    ("a bad time span", f"{HEAD}{STEP}    timeout: 5 minutes", "8:14: 'timeout' must be a time span such as 30s"),
    ("a time span that is too long", f"{HEAD}{STEP}    timeout: 8d", "8:14: 'timeout' must be from 0:00:01 to 7 days"),
    (
        "too many attempts",
        f"{HEAD}{STEP}    retry: {{max_attempts: 21}}",
        "8:27: 'max_attempts' must be a whole number",
    ),
    ("a bad rule", f"{HEAD}{STEP}    on_failure: block", "8:17: 'on_failure' must be one of skip, continue"),
    ("a bad risk", f"{HEAD}{STEP}    approve: {{question: Go, risk: high}}", "8:35: 'risk' must be one of CRITICAL"),
    ("an input the agent has not", f"{HEAD}{STEP}    inputs: {{engins: [ruff]}}", "8:14: The agent 'inspector' has no"),
    (
        "an input that does not fit",
        f"{HEAD}{STEP}    inputs: {{engines: [nope]}}",
        "8:14: inputs.engines.0: Input should",
    ),
    (
        "no kind of check",
        f"{HEAD}{STEP}    checks: [{{name: x}}]",
        "8:14: A check has exactly one of severity, command",
    ),
    (
        "two kinds of check",
        f"{HEAD}{STEP}    checks: [{{name: x, file: a, severity: LOW}}]",
        "8:14: A check has exactly one",
    ),
    # expressions
    ("no CEL", f"{HEAD}{STEP}    if: inputs.n >", "8:19: This is no expression of CEL: unexpected end of it"),
    (
        "no CEL in a block",
        f"{HEAD}{STEP}    if: |\n      inputs.n == 1 &&\n      || true",
        "10:7: This is no expression of CEL",
    ),
    ("no CEL in quotes", f'{HEAD}{STEP}    title: "at ${{{{ inputs.n + }}}}"', "8:30: This is no expression of CEL"),
    (
        "no end",
        f'{HEAD}{STEP}    title: "at ${{{{ inputs.n"',
        "8:16: An expression begins with ${{ and never ends with }}.",
    ),
    ("an unknown function", f"{HEAD}{STEP}    if: inputs.n == 1 && open('x')", "8:26: There is no function 'open'."),
    ("an unknown name", f"{HEAD}{STEP}    if: environment.HOME == ''", "8:9: There is no 'environment' here"),
    (
        "an unknown name behind a comment",
        f"{HEAD}{STEP}    if: |\n      inputs.s == '' // don't\n      || environment.HOME == ''",
        "10:10: There is no 'environment' here",
    ),
    ("a named mapping", f"{HEAD}{STEP}    for_each: 'it{{n: 1}}'", "8:18: This cannot be used in an expression."),
    (
        "an unknown input",
        f"{HEAD}{STEP}    if: inputs.n == inputs.m",
        "8:21: The playbook has no input 'm'; its inputs: n, s.",
    ),
    ("an unknown step", f"{HEAD}{STEP}    if: steps.z.status == ''", "8:9: There is no step 'z'; the steps: a."),
    (
        "a step that is not needed",
        f"{HEAD}{STEP}    if: steps.b.status == ''\n  - {{id: b, agent: inspector}}",
        "8:9: The step 'a' uses 'b' and does not need it: add 'b' to its 'needs'.",
    ),
    (
        "an output that there is not",
        (
            f"{HEAD}{STEP}    if: steps.b.outputs.y == 1\n    needs: [b]\n"
            "  - {id: b, agent: inspector, outputs: {x: report.first_audit}}"
        ),
        "8:9: The step 'b' has no output 'y'; its outputs: x.",
    ),
    (
        "outputs of a fan-out",
        f"{HEAD}{STEP}    if: steps.b.outputs.x == 1\n    needs: [b]\n  - {{id: b, agent: inspector, for_each: [1]}}",
        "8:9: Of the step 'b' there is status, reason, items, and no 'outputs'.",
    ),
    ("an item without a list", f"{HEAD}{STEP}    title: ${{{{ item }}}}", "8:16: There is no 'item' here"),
    (
        "types that do not fit",
        f"{HEAD}{STEP}    if: inputs.n + inputs.s == 'a'",
        "8:9: The types do not fit: ",
    ),
    (
        "a condition that is none",
        f"{HEAD}{STEP}    if: inputs.n + 1",
        "8:9: 'if' must be true or false; this gives a number.",
    ),
    (
        "a fan-out over a text",
        f"{HEAD}{STEP}    for_each: inputs.s",
        "8:15: 'for_each' needs a list; this gives a text.",
    ),
    ("a fan-out over a number", f"{HEAD}{STEP}    for_each: 3", "8:15: 'for_each' must be a list, or an expression"),
    (
        "a fan-out over too much",
        f"{HEAD}{STEP}    for_each: [{'1,' * 1000}1]",
        "8:15: A step can fan out to at most 1,000",
    ),
    (
        "an expression that is too long",
        f"{HEAD}{STEP}    if: {'1 + ' * 400}1 == 1",
        "8:9: An expression may have at most 1,000",
    ),
    (
        "an output of the whole",
        f"{HEAD}{STEP}outputs:\n  x: steps.a.result",
        "9:6: Of the step 'a' there is status, reason,",
    ),
]


@pytest.mark.parametrize(("document", "problem"), [case[1:] for case in INVALID], ids=[case[0] for case in INVALID])
def test_each_kind_of_invalid_playbook_gets_its_place_and_reason(document: str, problem: str) -> None:
    found = [str(one) for one in problems_of(document, AGENTS)]
    assert any(problem in one and (not problem[0].isdigit() or one.startswith(problem)) for one in found), found
    with pytest.raises(PlaybookInvalid) as invalid:
        read_playbook(document, AGENTS)
    assert [str(one) for one in invalid.value.problems] == found
    assert invalid.value.problems[0].reason in invalid.value.message


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    document = (
        f"{HEAD}{STEP}    if: inputs.q\n    timeout: soon\n  - id: b\n    agent: nobody\n    needs: [c]\ncolour: red\n"
    )
    assert [(one.line, one.column) for one in problems_of(document, AGENTS)] == [
        (8, 9),
        (9, 14),
        (11, 12),
        (12, 13),
        (13, 1),
    ]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    began = time.process_time()
    assert "An anchor (&a0)" in problems_of("\n".join(lines))[0].reason
    assert time.process_time() - began < 5


def test_words_of_yaml_that_mean_other_things_elsewhere_are_texts() -> None:
    document = f"{HEAD}{STEP}    for_each: [yes, on, 2024-01-01, 0x10, 1_000, 1.5, true, null]"
    (step,) = read_playbook(document, AGENTS).steps
    assert step.for_each == ("yes", "on", "2024-01-01", "0x10", "1_000", 1.5, True, None)


def test_a_document_of_any_text_is_answered_and_never_an_error() -> None:
    pieces = [
        "name: ",
        "steps:",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "${{",
        "}}",
        "'",
        '"',
        "\n",
        "  ",
        "if: ",
        "&a",
        "*a",
        "!x",
        "|",
        "é",
        "\x85",
    ]
    for seed in range(400):
        document = "".join(pieces[(seed * 7 + n * n * (seed % 13 + 1)) % len(pieces)] for n in range(seed % 40))
        assert json.dumps([str(one) for one in problems_of(document, AGENTS)])
