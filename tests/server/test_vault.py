"""Secrets at rest: sealed under a key each, bound to their name and workspace, and moved between master keys."""

from __future__ import annotations

import base64
import os
import stat
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from domain.errors import SecretUnreadable
from domain.secret import SealedSecret
from server.security.master_keys import FILE_NAME, MasterKeys, UnusableKey
from server.security.private_file import ExposedSecret
from server.security.vault import EnvelopeVault

VALUE = "correct horse battery staple"


@pytest.fixture
def workspace() -> UUID:
    return uuid4()


def altered(sealed: SealedSecret, part: str, content: bytes) -> SealedSecret:
    return replace(sealed, sealed=content) if part == "sealed" else replace(sealed, wrapped=content)


def fresh_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def vault(folder: Path, environment: str | None = None) -> EnvelopeVault:
    return EnvelopeVault(MasterKeys(folder, None if environment is None else SecretStr(environment)))


def test_a_value_comes_back_and_is_not_in_what_is_kept(tmp_path: Path, workspace: UUID) -> None:
    kept = vault(tmp_path)
    first, second = kept.seal(workspace, "a", VALUE), kept.seal(workspace, "a", VALUE)
    assert kept.open(workspace, "a", first) == kept.open(workspace, "a", second) == VALUE
    assert first.sealed != second.sealed
    assert first.wrapped != second.wrapped
    assert VALUE.encode() not in first.sealed + first.wrapped
    file = tmp_path / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_altered_bit_is_noticed(tmp_path: Path, workspace: UUID) -> None:
    kept = vault(tmp_path)
    sealed = kept.seal(workspace, "a", VALUE)
    for part in ("sealed", "wrapped"):
        content: bytes = getattr(sealed, part)
        for position in range(len(content)):
            changed = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
            with pytest.raises(SecretUnreadable, match="was altered"):
                kept.open(workspace, "a", altered(sealed, part, changed))
        for cut in (b"", content[:5], content[:-1]):
            with pytest.raises(SecretUnreadable, match="was altered"):
                kept.open(workspace, "a", altered(sealed, part, cut))


def test_it_cannot_be_moved_to_another_name_or_workspace(tmp_path: Path, workspace: UUID) -> None:
    kept = vault(tmp_path)
    sealed, other = kept.seal(workspace, "a", VALUE), kept.seal(workspace, "b", VALUE)
    for place, name, moved in (
        (workspace, "b", sealed),
        (uuid4(), "a", sealed),
        (workspace, "a", replace(sealed, sealed=other.sealed)),
        (workspace, "a", replace(sealed, sealed=sealed.wrapped, wrapped=sealed.sealed)),
    ):
        with pytest.raises(SecretUnreadable, match="belongs to another"):
            kept.open(place, name, moved)


def test_rotation_moves_the_key_and_not_the_value(tmp_path: Path, workspace: UUID) -> None:
    keys, kept = MasterKeys(tmp_path, None), vault(tmp_path)
    sealed = kept.seal(workspace, "a", VALUE)
    fresh = keys.renew()
    assert kept.open(workspace, "a", sealed) == VALUE  # the old key is still good
    rewrapped = kept.rewrap(workspace, "a", sealed)
    assert (rewrapped.key_id, rewrapped.sealed) == (fresh.id, sealed.sealed)
    assert keys.forget_others() == 1
    assert kept.open(workspace, "a", rewrapped) == VALUE
    with pytest.raises(SecretUnreadable, match=f"its master key {sealed.key_id} is not here"):
        kept.open(workspace, "a", sealed)


def test_keys_from_the_environment_come_first(tmp_path: Path, workspace: UUID) -> None:
    from_file = vault(tmp_path).seal(workspace, "a", VALUE)
    old, new = fresh_key(), fresh_key()
    under_old = vault(tmp_path, old).seal(workspace, "a", VALUE)
    both = vault(tmp_path, f"{new},{old}")
    assert both.open(workspace, "a", from_file) == both.open(workspace, "a", under_old) == VALUE
    moved = both.rewrap(workspace, "a", under_old)
    assert vault(tmp_path, new).open(workspace, "a", moved) == VALUE
    with pytest.raises(UnusableKey, match="put a fresh one in front of it"):
        MasterKeys(tmp_path, SecretStr(new)).renew()


@pytest.mark.parametrize(
    "wrong",
    [
        "short",
        "",
        base64.b64encode(b"x" * 31).decode(),
        "ä" * 44,
        pytest.param(f"{fresh_key()},", id="a comma too many"),  # another key each time
    ],
)
def test_a_key_that_is_none_is_said_without_it(wrong: str, tmp_path: Path, workspace: UUID) -> None:
    with pytest.raises(SecretUnreadable, match="32 bytes in base64") as refused:
        vault(tmp_path, wrong).seal(workspace, "a", VALUE)
    assert not wrong or wrong not in str(refused.value)


def test_what_cannot_be_kept_is_said_in_one_sentence(tmp_path: Path, workspace: UUID) -> None:
    kept = vault(tmp_path)
    sealed = kept.seal(workspace, "a", VALUE)
    (tmp_path / FILE_NAME).write_text("no key")
    with pytest.raises(SecretUnreadable) as setting:
        kept.seal(workspace, "a", VALUE)
    with pytest.raises(SecretUnreadable) as using:
        kept.open(workspace, "a", sealed)
    assert setting.value.message.startswith("The secret 'a' cannot be kept: the master key cannot be had: ")
    assert using.value.message.startswith("The secret 'a' cannot be used: the master key cannot be had: ")
    for said in (setting.value.message, using.value.message):
        assert said.endswith("the one that was there.")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys = MasterKeys(tmp_path, None)
    keys.current()
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(ExposedSecret, match="can be read by other users"):
        keys.known()


def test_two_that_start_together_have_one_key(tmp_path: Path) -> None:
    assert MasterKeys(tmp_path, None).current() == MasterKeys(tmp_path, None).current()


def test_what_is_sealed_or_opened_is_told_to_whoever_hides_it(tmp_path: Path, workspace: UUID) -> None:
    hidden: list[str] = []
    kept = EnvelopeVault(MasterKeys(tmp_path, None), hide=hidden.append)
    sealed = kept.seal(workspace, "a", VALUE)
    assert hidden == [VALUE]
    EnvelopeVault(MasterKeys(tmp_path, None), hide=hidden.append).open(workspace, "a", sealed)
    assert hidden == [VALUE, VALUE]
