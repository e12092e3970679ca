"""How credentials look: the forms that services document for their keys, and random values beside telling names."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from domain.severity import Severity

LEAST_ENTROPY = 3.5
"""Bits a character of a value that stands beside a telling name: words have less, keys have more."""

ASSIGNED = (
    r"(?i)(?:key|token|secret|passw(?:or)?d|pwd|credential)s?[\"']?\s{0,80}(?:=>|:=|=|:)\s{0,80}"
    r"(?P<quote>[\"'])(?P<secret>[^\"'\s]{8,200})(?P=quote)"
)
PLACEHOLDER = re.compile(
    r"(?i)^(?:x+|\*+|\.+|-+|<.*>|\$\{?.*|\{\{?.*|%\(?.*|your[-_ ].*|https?://.*|/[a-z_./-]*|"
    r".*(?:example|changeme|change[-_]me|placeholder|dummy|redacted|insert|todo|fixme|sample).*|"
    r"(?:test|fake|mock)[-_ ]?(?:key|token|secret|password)?|password\d*|[a-z]{1,20}|[a-z]+(?:[._][a-z]+)+)$"
)
"""What stands for a secret and is none: a name, a path, an address, a place to put one in."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A form of a credential. What is called ``secret`` in the pattern is the value."""

    name: str
    severity: Severity
    what: str
    pattern: re.Pattern[str]


def _rule(name: str, severity: Severity, what: str, pattern: str) -> Rule:
    return Rule(name, severity, what, re.compile(pattern))


CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
PASSWORD_IN_URL = _rule(
    "password-in-url",
    HIGH,
    "a password in an address",
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{1,100}:(?P<secret>[^\s/@\"'<>]{3,200})@[\w.-]",
)
ASSIGNED_SECRET = _rule("assigned-secret", MEDIUM, "a value that looks random beside a telling name", ASSIGNED)
RULES = (
    _rule(
        "private-key",
        CRITICAL,
        "a private key",
        r"(?P<secret>-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----)",
    ),
    _rule("aws-access-key", CRITICAL, "an access key of AWS", r"\b(?P<secret>(?:AKIA|ASIA)[A-Z2-7]{16})\b"),
    _rule(
        "github-token",
        CRITICAL,
        "a token of GitHub",
        r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})\b",
    ),
    _rule("gitlab-token", CRITICAL, "a token of GitLab", r"\b(?P<secret>glpat-[\w-]{20,100})\b"),
    _rule("slack-token", HIGH, "a token of Slack", r"\b(?P<secret>xox[abeoprs]-[A-Za-z0-9-]{10,250})\b"),
    _rule(
        "slack-webhook",
        HIGH,
        "a webhook of Slack",
        r"(?P<secret>https://hooks\.slack\.com/services/T\w{5,20}/B\w{5,20}/\w{15,60})",
    ),
    _rule("stripe-key", CRITICAL, "a live key of Stripe", r"\b(?P<secret>[rs]k_live_[A-Za-z0-9]{20,250})\b"),
    _rule("google-api-key", HIGH, "an API key of Google", r"\b(?P<secret>AIza[\w-]{35})(?![\w-])"),
    _rule(
        "openai-key",
        HIGH,
        "a key of OpenAI",
        r"\b(?P<secret>sk-(?:proj-|svcacct-)?[\w-]{20,100}T3BlbkFJ[\w-]{20,200})",
    ),
    _rule("anthropic-key", HIGH, "a key of Anthropic", r"\b(?P<secret>sk-ant-[\w-]{30,200})"),
    _rule("npm-token", CRITICAL, "a token of npm", r"\b(?P<secret>npm_[A-Za-z0-9]{36})\b"),
    _rule("pypi-token", CRITICAL, "a token of PyPI", r"\b(?P<secret>pypi-AgEIcHlwaS5vcmc[\w-]{50,500})"),
    _rule("wrenchai-token", HIGH, "a token of WrenchAI", r"\b(?P<secret>wr_(?:local|pat|svc)_[\w-]{20,200})"),
    _rule(
        "json-web-token",
        MEDIUM,
        "a JSON Web Token",
        r"\b(?P<secret>eyJ[\w-]{10,2000}+\.eyJ[\w-]{10,4000}+\.[\w-]{10,1000})",
    ),
    PASSWORD_IN_URL,
    ASSIGNED_SECRET,
)
"""In the order in which they are tried: what one has found is not found by another."""


@dataclass(frozen=True, slots=True)
class Match:
    """Something that looks like a credential, with the value itself."""

    rule: Rule
    column: int
    value: str


def matches(line: str) -> Iterator[Match]:
    """What looks like a credential in the line, each value once; columns count from 1.

    All of the line is looked at, however long: every pattern is bounded, so time grows with the length alone.
    """
    taken: list[tuple[int, int]] = []  # in order, and none overlaps another
    for rule in RULES:
        for found in rule.pattern.finditer(line):
            begin, end = found.span("secret")
            place = bisect(taken, (begin, end))
            beside = taken[max(place - 1, 0) : place + 1]
            overlaps = any(begin < other_end and other_begin < end for other_begin, other_end in beside)
            if not overlaps and _looks_like_one(rule, found["secret"]):
                taken.insert(place, (begin, end))
                yield Match(rule, begin + 1, found["secret"])


def _looks_like_one(rule: Rule, value: str) -> bool:
    """Whether the value can be one: what has a form of its own is; what stands where one may stand has to look so."""
    if rule not in {PASSWORD_IN_URL, ASSIGNED_SECRET}:
        return True
    return not PLACEHOLDER.match(value) and (rule is PASSWORD_IN_URL or entropy(value) >= LEAST_ENTROPY)


def entropy(text: str) -> float:
    """Bits a character, by how often each is there."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
