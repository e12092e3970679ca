"""The audit of secrets. What looks like one is put together here, so that no scanner stumbles over this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.contract import WrongInputs
from agents.testing import KitContext
from agents.tools.credentials.rules import RULES, matches
from tests.agents.tools.conftest import Call

SECRETS = {
    "private-key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "aws-access-key": "AKIA" + "QYLPMN5HHHFPZAM2",
    "github-token": "ghp_" + "a1B2" * 9,
    "gitlab-token": "glpat-" + "x9Y8z7W6v5U4t3S2r1Q0",
    "slack-token": "xoxb-" + "123456789012-abcdefGHIJK",
    "slack-webhook": "https://hooks.slack.com/services/" + "T01234567/B01234567/abcdefghijklmnopqrstuvwx",
    "stripe-key": "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "google-api-key": "AIza" + "SyA1234567890abcdefghijklmnopqrstu-",
    "openai-key": "sk-" + "a1B2c3D4e5F6g7H8i9J0" + "T3BlbkFJ" + "a1B2c3D4e5F6g7H8i9J0",
    "anthropic-key": "sk-ant-" + "api03-" + "a1B2c3D4e5F6g7H8i9J0a1B2",
    "npm-token": "npm_" + "a1B2" * 9,
    "pypi-token": "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2c3D4e5" * 6,
    "wrenchai-token": "wr_" + "pat_a1B2c3D4e5F6g7H8i9J0",
    "json-web-token": "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijKLMNOP",
    "password-in-url": "h7!kQz29w",
    "assigned-secret": "q8Zt!3vW-x7Lm2Rk",
}
WRITTEN = {"password-in-url": "postgresql://ada:{}@db.internal/app", "assigned-secret": "api_key = '{}'"}
HARMLESS = """
password = "changeme-please"
token = os.environ["DEPLOY_TOKEN"]
api_key: "${API_KEY}"
secret = "https://vault.example/v1"
password = "correct"
url = "postgresql://ada:${PASSWORD}@db/app"
key = "user.settings.theme"
private_key_path = "/etc/ssl/private/server.pem"
tokens = "aaaaaaaaaaaaaaaa"
"""


def test_every_rule_has_its_example() -> None:
    assert SECRETS.keys() == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", SECRETS)
def test_each_form_is_found_where_it_is(rule: str) -> None:
    line = f"before {WRITTEN.get(rule, '{}').format(SECRETS[rule])} behind"
    (match,) = matches(line)
    assert (match.rule.name, match.value) == (rule, SECRETS[rule])
    assert line[match.column - 1 :].startswith(SECRETS[rule])


@pytest.mark.parametrize("rule", SECRETS)
def test_a_line_is_looked_at_to_its_end(rule: str) -> None:
    """A bundle of JavaScript is one line of any length."""
    written = WRITTEN.get(rule, "{}").format(SECRETS[rule])
    line = "; ".join(["let a = b + 1", written] * 3) + " x = 1;" * 50_000 + f" {written} " + "x = 1;" * 50_000
    found = list(matches(line))
    assert {(match.rule.name, match.value) for match in found} == {(rule, SECRETS[rule])}
    assert len(found) == 4
    assert max(match.column for match in found) > 300_000


def test_each_value_of_a_long_line_is_found_once_by_the_rule_that_knows_it() -> None:
    token = SECRETS["github-token"]
    line = f"'token': '{token}', " * 10_000
    found = list(matches(line))
    assert len(found) == 10_000
    assert {match.rule.name for match in found} == {"github-token"}
    assert sorted(match.column for match in found) == [at * len(line) // 10_000 + 11 for at in range(10_000)]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "part", ["eyJ-", "_key_key_key" + " " * 5_000, "-", "sk-", "a://b:", "key = 'a", "ghp_" + "a" * 40, "a"]
)
def test_no_line_takes_long(part: str) -> None:
    line = part * (250_000 // len(part))
    assert {match.rule.name for match in matches(line)} <= {"github-token"}


def test_what_stands_for_a_secret_is_none() -> None:
    assert [match for line in HARMLESS.splitlines() for match in matches(line)] == []


async def test_places_are_told_and_values_never(call: Call, context: KitContext, checkout: Path) -> None:
    (checkout / "a").mkdir()
    lines = [WRITTEN.get(rule, "{}").format(value) for rule, value in SECRETS.items()]
    (checkout / "a" / "config.py").write_text("\n".join(["# nothing here", *lines]))
    (checkout / "b.env").write_text(f"KEY={SECRETS['github-token']}\n")
    (checkout / "c.bin").write_bytes(b"\0" + SECRETS["github-token"].encode())
    (checkout / "d.txt").write_text(SECRETS["npm-token"])
    (checkout / ".git").mkdir()
    (checkout / ".git" / "e").write_text(SECRETS["npm-token"])
    (checkout / "link").symlink_to(checkout / "b.env")
    done = await call("secrets_audit", exclude=["d.*"])
    assert (done.files, done.total, done.values) == (2, len(SECRETS) + 1, len(SECRETS))
    assert [one.rule for one in sorted(done.found, key=lambda one: (one.path, one.line))] == [*SECRETS, "github-token"]
    assert {one.line for one in done.found if one.path == "a/config.py"} == set(range(2, len(SECRETS) + 2))
    twice = {one.fingerprint for one in done.found if one.rule == "github-token"}
    assert len(twice) == 1
    assert done.left_out == {".git": "not the author's own", "c.bin": "not text", "d.txt": "excluded"}
    [recorded] = context.ledger.calls
    for value in SECRETS.values():
        assert value not in done.model_dump_json()
        assert value not in f"{recorded} {context.log}"
    again = await call("secrets_audit", most=1)
    assert (len(again.found), again.total) == (1, len(SECRETS) + 2)
    assert again.found[0].severity.value == "CRITICAL"
    assert {one.fingerprint for one in again.found} & {one.fingerprint for one in done.found} == set()


@pytest.mark.parametrize("arguments", [{"most": 0}, {"exclude": "tests/*"}, {"show_values": True}])
async def test_wrong_arguments_are_refused(call: Call, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongInputs):
        await call("secrets_audit", **arguments)
