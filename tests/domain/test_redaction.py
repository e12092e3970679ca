"""What is taken out of texts by its look, and that no text takes long."""

from __future__ import annotations

import pytest

from domain.redaction import HIDDEN, redact_text

JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-bmF0_dXJl"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql+asyncpg://me:pa:ss@db/d", f"postgresql+asyncpg://me:{HIDDEN}@db/d"),
        ("HTTPS://Me:Pass@Host/", f"HTTPS://Me:{HIDDEN}@Host/"),
        ("redis://:pass@host and amqp://a:b@c", f"redis://:{HIDDEN}@host and amqp://a:{HIDDEN}@c"),
        ("Authorization: bearer abcdefgh", f"Authorization: bearer {HIDDEN}"),
        ("BASIC  dXNlcjpwYXNz==", f"BASIC  {HIDDEN}"),
        ("with wr_pat_a-b_c, wr_svc_d", f"with {HIDDEN}, {HIDDEN}"),
        ("/x?code=12&page=2&TOKEN=34", f"/x?code={HIDDEN}&page=2&TOKEN={HIDDEN}"),
        (JWT, HIDDEN),
        (f"<{JWT}>", f"<{HIDDEN}>"),
        (f"id-{JWT} and {JWT}.", f"id-{HIDDEN} and {HIDDEN}."),
        (f"a.b.{JWT}", f"a.b.{HIDDEN}"),
        (f"a-eyJ.{JWT}", f"a-eyJ.{HIDDEN}"),
    ],
    ids=lambda value: value[:20],
)
def test_what_looks_like_a_secret_is_hidden(text: str, left: str) -> None:
    assert redact_text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8000/a@b",
        "https://host/me:pass@there",
        "the bearer of news, basic rules",
        "xwr_pat_a wr_other_b",
        "/x?code=&page=2 token=5",
        "eyJhbGciOiJIUzI1NiJ9.only-two",
        "keyJa.b.c eyJ.b.c",
    ],
)
def test_what_does_not_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        "?" + "a" * 1_000_000,
        "://" + "a" * 1_000_000,
        "://:" + "a" * 1_000_000,
        "://a:" * 200_000,
        "eyJ-" * 250_000,
        "eyJ." + "a.b." * 250_000,
        "a-eyJ.b-" * 125_000,
        "eyJa." * 200_000,
        "-eyJ" * 250_000 + ".a.",
        "bearer" + " " * 1_000_000,
        "basic " * 160_000,
        "&token=" * 140_000,
        "wr_pat_" * 140_000,
        "eyJ://?" + "+.-" * 330_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_keeps_us_busy(text: str) -> None:
    """A pattern that goes over the same characters again and again needs minutes for a megabyte; ours milliseconds."""
    assert redact_text(text)[-1] in text + HIDDEN
