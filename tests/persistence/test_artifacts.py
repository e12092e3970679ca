"""The artifact store on a real disk."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.artifacts import ArtifactAltered, ArtifactMissing, ArtifactNotStored, ArtifactStore, StoredArtifact
from persistence.artifacts import GATE, DiskArtifacts

ROOT = Path(__file__).parents[2]
ON_A_FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from domain.artifacts import ArtifactNotStored
from persistence.artifacts import DiskArtifacts

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    asyncio.run(DiskArtifacts(Path(sys.argv[1]), max_bytes=10**6).put(b"x" * 5000))
except ArtifactNotStored as error:
    print(error)
"""


@pytest.fixture
def store(tmp_path: Path) -> DiskArtifacts:
    return DiskArtifacts(tmp_path / "artifacts", max_bytes=1 << 20)


async def all_of(store: ArtifactStore) -> list[StoredArtifact]:
    return [stored async for stored in store.iterate()]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=5000), offset=st.integers(0, 6000), length=st.none() | st.integers(0, 6000))
def test_what_is_read_is_what_was_put(store: DiskArtifacts, content: bytes, offset: int, length: int | None) -> None:
    async def round_trip() -> None:
        stored = await store.put(content)
        assert stored == StoredArtifact(hashlib.sha256(content).hexdigest(), len(content))
        end = None if length is None else offset + length
        assert await store.read(stored.sha256, offset=offset, length=length) == content[offset:end]
        assert b"".join([chunk async for chunk in store.stream(stored.sha256, chunk_size=700)]) == content

    asyncio.run(round_trip())


async def test_same_content_is_kept_once_by_many_at_once(store: DiskArtifacts, tmp_path: Path) -> None:
    kept = await asyncio.gather(*(store.put(b"same") for _ in range(20)), store.put(b"other"))
    assert len(set(kept)) == 2
    files = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file() and path.name != GATE]
    assert len(files) == 2, "temporary files must not stay"
    assert await all_of(store) == sorted(set(kept), key=lambda stored: stored.sha256)


async def test_files_are_named_after_their_digest(store: DiskArtifacts, tmp_path: Path) -> None:
    stored = await store.put(b"named")
    assert (tmp_path / "artifacts" / stored.sha256[:2] / stored.sha256[2:]).read_bytes() == b"named"


@pytest.mark.parametrize("sha256", ["0" * 64, "../../etc/passwd", "", "AB" * 32])
async def test_missing_content_is_one_clear_error(store: DiskArtifacts, sha256: str) -> None:
    with pytest.raises(ArtifactMissing, match="is not in the artifact store"):
        await store.read(sha256)
    assert await store.delete(sha256) is False


async def test_deleted_content_is_missing(store: DiskArtifacts) -> None:
    stored = await store.put(b"gone soon")
    assert await store.delete(stored.sha256) is True
    with pytest.raises(ArtifactMissing):
        await store.read(stored.sha256)
    assert await all_of(store) == []


async def test_content_that_was_altered_is_noticed(store: DiskArtifacts, tmp_path: Path) -> None:
    stored = await store.put(b"genuine")
    await store.check(stored)
    file = tmp_path / "artifacts" / stored.sha256[:2] / stored.sha256[2:]
    for content, how in ((b"genuin3", "its SHA-256 is"), (b"gen", "has 3 bytes and had 7"), (b"", "has 0 bytes")):
        file.write_bytes(content)
        with pytest.raises(ArtifactAltered, match=how):
            await store.check(stored)
    file.unlink()
    with pytest.raises(ArtifactMissing):
        await store.check(stored)


async def test_too_large_content_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotStored, match="WRENCHAI_MAX_ARTIFACT_BYTES"):
        await DiskArtifacts(tmp_path, max_bytes=10).put(b"x" * 11)


def test_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("The artifact cannot be written (File too large)")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != GATE] == []
