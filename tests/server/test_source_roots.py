"""Which sources are allowed, and that nothing gets in by a name or an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.commands import SourceDraft
from domain.errors import Invalid
from domain.project import SourceKind
from server.platform.source_roots import SourceRoots
from server.settings import load_settings


@pytest.fixture
def roots(tmp_path: Path) -> SourceRoots:
    (tmp_path / "allowed").mkdir()
    return SourceRoots(load_settings(data_dir=tmp_path / "data", source_roots=(tmp_path / "allowed",)))


def local(path: Path) -> SourceDraft:
    return SourceDraft(kind=SourceKind.LOCAL, location=str(path))


def test_an_added_folder_is_allowed_with_all_below_it(roots: SourceRoots, tmp_path: Path) -> None:
    folder = tmp_path / "other" / "repository"
    folder.mkdir(parents=True)
    with pytest.raises(Invalid, match="outside the source roots"):
        roots.check(local(folder))
    roots.add(tmp_path / "other")
    assert roots.check(local(folder)).location == str(folder)


def test_a_newline_in_a_name_adds_no_second_root(roots: SourceRoots, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    evil = Path(f"{tmp_path}/evil\n{secret}")
    evil.mkdir(parents=True)
    roots.add(evil)
    assert roots.check(local(evil)).location == str(evil)
    with pytest.raises(Invalid, match="outside the source roots"):
        roots.check(local(secret))


@pytest.mark.parametrize("url", ["https://me:s3cret@example.com/p.git", "https://t0ken@example.com/p.git"])
def test_a_git_url_with_a_secret_is_refused_without_repeating_it(roots: SourceRoots, url: str) -> None:
    with pytest.raises(Invalid, match="credential helper") as refused:
        roots.check(SourceDraft(kind=SourceKind.GIT, location=url))
    assert "s3cret" not in refused.value.message
    assert "t0ken" not in refused.value.message


def test_a_user_of_ssh_is_no_secret(roots: SourceRoots) -> None:
    for url in ("ssh://git@example.com/p.git", "git@example.com:p.git"):
        assert roots.check(SourceDraft(kind=SourceKind.GIT, location=url)).location == url


def test_the_data_folder_is_never_copied(roots: SourceRoots, tmp_path: Path) -> None:
    assert roots.checkout_policy().private == (tmp_path / "data",)


@pytest.mark.parametrize("kind", SourceKind)
@pytest.mark.parametrize("location", ["", " ", "\t\n"])
def test_an_empty_location_is_not_the_folder_of_the_server(
    kind: SourceKind, location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / " ").mkdir()
    monkeypatch.chdir(tmp_path)
    allowing = SourceRoots(load_settings(data_dir=tmp_path / "data", source_roots=(tmp_path,)))
    with pytest.raises(Invalid, match="location is empty") as refused:
        allowing.check(SourceDraft(kind=kind, location=location))
    assert refused.value.path == ("input", "source", "location")
