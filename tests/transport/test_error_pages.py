"""Every published code has a page, and every page a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import domain.errors
from domain.error_codes import ErrorCode
from domain.errors import Rejection

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "errors"


def test_codes_and_pages_are_the_same_set() -> None:
    assert {page.stem for page in PAGES.glob("*.md") if page.stem.isupper()} == set(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_page_says_what_it_means_what_to_do_and_whether_to_retry(code: ErrorCode) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n")
    sections = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    assert sections[1::2] == ["Example", "What to do", "Retryable"]
    assert f'"code": "{code}"' in sections[2]
    assert sections[6].split(".")[0].strip() == ("Yes" if code.retryable else "No")
    if "retryable" in sections[2]:
        assert f'"retryable": {str(code.retryable).lower()}' in sections[2]


def test_every_rejection_of_the_domain_has_a_published_code() -> None:
    kinds = [kind for kind in vars(domain.errors).values() if isinstance(kind, type) and issubclass(kind, Rejection)]
    codes = {kind.code for kind in kinds if kind is not Rejection}
    assert codes
    assert codes <= set(ErrorCode)


def test_every_code_written_in_the_sources_is_published() -> None:
    folders = ("agents", "domain", "persistence", "resolvers", "schema", "server")
    sources = [source for folder in folders for source in (ROOT / folder).rglob("*.py")]
    written = {
        code
        for source in sources
        for code in re.findall(
            r"""\bcode(?:"?: |=)"([A-Z][A-Z_]+)\"""", source.read_text(encoding="utf-8", errors="replace")
        )
    }
    assert "SOURCE_UNAVAILABLE" in written
    assert written <= set(ErrorCode)
