"""Which rules of oxlint an audit asks for, and how bad a violation is.

The choice is that of ``ruff_rules``: what is wrong or dangerous when it runs, nothing about style. It begins with
oxlint's own category *correctness* ("code that is outright wrong or useless") without what is taste or raises false
alarms there, and adds single rules of *suspicious*, *pedantic* and *restriction* that name bugs or holes. Left out on
purpose: rules that need types, or other files than the one they look at, or to know which page a script runs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.inspector.inputs import InspectorInputs
from domain.severity import Severity

PLUGINS = ("eslint", "oxc", "promise", "react", "typescript", "unicorn")

COMPLEXITY = "complexity"
INVALID_SYNTAX = "invalid-syntax"

_SEVERITIES = {
    Severity.HIGH: """
        constructor-super for-direction no-const-assign no-eval no-implied-eval no-import-assign no-invalid-regexp
        no-new-native-nonconstructor no-obj-calls no-setter-return no-this-before-super no-unsafe-optional-chaining
        no-with use-isnan valid-typeof
        oxc/bad-array-method-on-arguments oxc/bad-replace-all-arg oxc/number-arg-out-of-range
        promise/no-new-statics react/jsx-no-script-url react/jsx-no-undef react/no-danger-with-children
        unicorn/no-invalid-fetch-options
    """,
    Severity.MEDIUM: """
        array-callback-return getter-return no-async-promise-executor no-class-assign no-compare-neg-zero no-cond-assign
        no-constant-binary-expression no-constant-condition no-debugger no-dupe-class-members no-dupe-else-if
        no-dupe-keys no-duplicate-case no-empty-character-class no-extend-native no-func-assign no-global-assign
        no-loss-of-precision no-misleading-character-class no-self-compare no-shadow-restricted-names no-unassigned-vars
        no-unexpected-multiline no-unreachable no-unsafe-finally no-unsafe-negation no-useless-backreference
        oxc/bad-bitwise-operator oxc/bad-char-at-comparison oxc/bad-comparison-sequence oxc/bad-match-all-arg
        oxc/bad-min-max-func oxc/bad-object-literal-comparison oxc/const-comparisons oxc/erasing-op
        oxc/misrefactored-assign-op oxc/missing-throw oxc/uninvoked-array-callback promise/valid-params
        react/jsx-key react/jsx-no-duplicate-props react/no-danger react/no-direct-mutation-state
        react/rules-of-hooks react/void-dom-elements-no-children
        typescript/no-duplicate-enum-values typescript/no-misused-new typescript/no-non-null-asserted-optional-chain
        typescript/no-unsafe-declaration-merging
        unicorn/no-array-fill-with-reference-type unicorn/no-invalid-remove-event-listener unicorn/no-thenable
    """,
    Severity.LOW: """
        no-caller no-delete-var no-empty-pattern no-ex-assign no-self-assign no-sparse-arrays
        no-template-curly-in-string no-unused-labels no-unused-private-class-members no-unused-vars
        oxc/approx-constant oxc/double-comparisons oxc/only-used-in-recursion react/exhaustive-deps
        react/iframe-missing-sandbox react/no-children-prop require-yield
        typescript/no-extra-non-null-assertion unicorn/no-await-in-promise-methods
    """,
    Severity.INFO: "no-useless-catch unicorn/no-single-promise-in-promise-methods",
}
_BY_RULE = {rule: severity for severity, rules in _SEVERITIES.items() for rule in rules.split()}

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # Pages call the functions of their scripts, so what a script declares at its top is used somewhere else.
    "no-unused-vars": {"vars": "local", "args": "none", "caughtErrors": "none", "ignoreRestSiblings": True},
}

_BESIDE_THE_PRODUCT = frozenset({"no-eval", "no-implied-eval", "no-unused-vars", "no-self-compare", "react/no-danger"})
"""Left out in tests, documentation and examples, where these are idioms."""


def configuration(inputs: InspectorInputs) -> dict[str, Any]:
    """The configuration of oxlint for an audit: our rules and nothing else."""
    rules: dict[str, Any] = {rule: ["warn", _OPTIONS[rule]] if _OPTIONS.get(rule) else "warn" for rule in _BY_RULE}
    rules[COMPLEXITY] = ["warn", {"max": inputs.max_cyclomatic}]
    return {"plugins": list(PLUGINS), "categories": {"correctness": "off"}, "rules": rules}


def severity_of(rule: str) -> Severity:
    """How bad a violation of a rule is (named as in the tables of this module)."""
    return Severity.HIGH if rule == INVALID_SYNTAX else _BY_RULE.get(rule, Severity.LOW)


def counts_beside_the_product(rule: str) -> bool:
    """Whether a rule holds in tests, documentation and examples too."""
    return rule not in _BESIDE_THE_PRODUCT and rule != COMPLEXITY
