"""The data folder belongs to one release, and to its owner."""

from pathlib import Path

import pytest

from persistence.addresses import DatabaseUnavailable
from persistence.data_folder import STAMP, prepare


def test_folder_is_private_and_stamped(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "a" / "b", version="1.2.3")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / STAMP).read_text() == "1.2.3\n"


@pytest.mark.parametrize("later", ["1.2.0", "1.2.9", "1.3.0", "2.0.0"])
def test_same_or_older_release_is_taken_over(tmp_path: Path, later: str) -> None:
    prepare(tmp_path, version="1.2.3")
    prepare(tmp_path, version=later)
    assert (tmp_path / STAMP).read_text().strip() == later


@pytest.mark.parametrize("earlier", ["1.1.9", "0.9.0"])
def test_newer_release_is_refused(tmp_path: Path, earlier: str) -> None:
    prepare(tmp_path, version="1.2.3")
    with pytest.raises(DatabaseUnavailable, match=f"written by WrenchAI 1.2.3 and this is {earlier}: update WrenchAI"):
        prepare(tmp_path, version=earlier)
    assert (tmp_path / STAMP).read_text().strip() == "1.2.3"


def test_file_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match="cannot be written"):
        prepare(tmp_path / "file", version="1.0.0")
