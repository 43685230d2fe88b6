"""The blob folder: what is stored comes back, and what was altered is noticed."""

import fcntl
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput, MediaDigestMismatch, NotFound, Unavailable
from lookalike.domain.identifiers import Digest
from lookalike.store import BlobFault, BlobStore, MasterKey, StoredBlob
from lookalike.store.sealing import FRAME_BYTES, TAG_BYTES

KEY = MasterKey(bytes(range(32)))
SEALED_FRAME = FRAME_BYTES + TAG_BYTES
SIZES = (0, 1, 4000, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 77)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> BlobStore:
    return BlobStore(folder, KEY)


def data_of(size: int) -> bytes:
    return bytes(range(256)) * (size // 256) + b"x" * (size % 256)


def file_of(folder: Path, blob: StoredBlob) -> Path:
    return folder / blob.stored_name[:2] / blob.stored_name


def fault_of(store: BlobStore, blob: StoredBlob) -> str:
    with pytest.raises(MediaDigestMismatch) as caught:
        store.get(blob)
    with pytest.raises((NotFound, MediaDigestMismatch)):
        store.check(blob)
    return str(caught.value.values["fault"])


@pytest.mark.parametrize("size", SIZES)
def test_what_is_stored_comes_back(store: BlobStore, folder: Path, size: int) -> None:
    data = data_of(size)
    blob = store.put(data)
    assert (blob.sha256, blob.size) == (sha256(data).hexdigest(), size)
    assert store.get(blob) == data
    store.check(blob)
    assert list(store.stored_names()) == [blob.stored_name]
    assert file_of(folder, blob).stat().st_size == size + max(1, -(-size // FRAME_BYTES)) * TAG_BYTES


def test_files_are_private(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    assert stat.S_IMODE(file_of(folder, blob).stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())} == {0o700}


def test_a_file_tells_nothing(store: BlobStore, folder: Path) -> None:
    data = b"a planted marker " * 100
    blob = store.put(data)
    digest = sha256(data).hexdigest()
    assert b"planted" not in file_of(folder, blob).read_bytes()
    assert digest[:8] not in blob.stored_name
    other = BlobStore(folder, MasterKey(bytes(32))).put(data)
    assert other.stored_name.split("-")[0] != blob.stored_name.split("-")[0]


def test_the_same_bytes_twice_are_two_files_each_with_its_key(store: BlobStore, folder: Path) -> None:
    """Two processes at once, or a crash before the row was committed: neither harms the other's file."""
    first, second = store.put(b"picture"), store.put(b"picture")
    assert first.stored_name != second.stored_name
    assert first.wrapped_key != second.wrapped_key
    assert file_of(folder, first).read_bytes() != file_of(folder, second).read_bytes()
    store.delete(second)
    assert store.get(first) == b"picture"


def test_another_key_opens_nothing(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    assert fault_of(BlobStore(folder, MasterKey(bytes(32))), blob) == BlobFault.KEY_ALTERED


def test_every_flipped_bit_is_noticed(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    file = file_of(folder, blob)
    content = file.read_bytes()
    for bit in range(8 * len(content)):
        spoiled = bytearray(content)
        spoiled[bit // 8] ^= 1 << bit % 8
        file.write_bytes(spoiled)
        assert fault_of(store, blob) == BlobFault.ALTERED
    file.write_bytes(content)
    assert store.get(blob) == b"picture"


def test_every_flipped_bit_of_the_row_is_noticed(store: BlobStore) -> None:
    blob = store.put(b"picture")
    for bit in range(8 * len(blob.wrapped_key)):
        spoiled = bytearray(blob.wrapped_key)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert fault_of(store, replace(blob, wrapped_key=bytes(spoiled))) == BlobFault.KEY_ALTERED
    assert fault_of(store, replace(blob, wrapped_key=b"")) == BlobFault.KEY_ALTERED
    assert fault_of(store, replace(blob, size=blob.size + 1)) == BlobFault.WRONG_SIZE
    other = Digest(sha256(b"other").hexdigest())
    assert fault_of(store, replace(blob, sha256=other)) == BlobFault.ALTERED


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_in_a_large_file_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("blobs")
    store = BlobStore(folder, KEY)
    blob = store.put(data_of(2 * FRAME_BYTES + 5))
    file = file_of(folder, blob)
    bit = data.draw(st.integers(0, 8 * file.stat().st_size - 1))
    with file.open("r+b") as handle:
        handle.seek(bit // 8)
        byte = handle.read(1)[0]
        handle.seek(bit // 8)
        handle.write(bytes([byte ^ (1 << bit % 8)]))
    assert fault_of(store, blob) == BlobFault.ALTERED


@pytest.mark.parametrize("keep", [0, 1, TAG_BYTES, SEALED_FRAME - 1, SEALED_FRAME, SEALED_FRAME + 1])
def test_a_cut_file_is_noticed(store: BlobStore, folder: Path, keep: int) -> None:
    blob = store.put(data_of(2 * FRAME_BYTES))
    os.truncate(file_of(folder, blob), keep)
    assert fault_of(store, blob) == BlobFault.WRONG_SIZE


def frames_of(content: bytes) -> list[bytes]:
    return [content[start : start + SEALED_FRAME] for start in range(0, len(content), SEALED_FRAME)]


Arrange = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    "arrange",
    [
        lambda frames: [frames[1], frames[0], frames[2]],
        lambda frames: [frames[0], frames[0], frames[2]],
        lambda frames: [frames[0], frames[2], frames[1]],
        lambda frames: [frames[2], frames[1], frames[0]],
    ],
)
def test_frames_in_another_order_are_noticed(store: BlobStore, folder: Path, arrange: Arrange) -> None:
    blob = store.put(data_of(3 * FRAME_BYTES))
    file = file_of(folder, blob)
    file.write_bytes(b"".join(arrange(frames_of(file.read_bytes()))))
    assert fault_of(store, blob) == BlobFault.ALTERED


@pytest.mark.parametrize("count", [1, 2, 4])
def test_whole_frames_left_out_or_added_are_noticed_even_with_their_size(
    store: BlobStore, folder: Path, count: int
) -> None:
    """The row's size altered along with the file: whether a frame is the last is sealed into it."""
    blob = store.put(data_of(3 * FRAME_BYTES))
    file = file_of(folder, blob)
    frames = frames_of(file.read_bytes())
    file.write_bytes(b"".join((frames + frames)[:count]))
    assert fault_of(store, replace(blob, size=count * FRAME_BYTES)) == BlobFault.ALTERED


def test_swapped_files_are_noticed(store: BlobStore, folder: Path) -> None:
    one, two = store.put(b"one"), store.put(b"two")
    first, second = file_of(folder, one), file_of(folder, two)
    content = first.read_bytes(), second.read_bytes()
    first.write_bytes(content[1])
    second.write_bytes(content[0])
    assert fault_of(store, one) == fault_of(store, two) == BlobFault.ALTERED
    assert fault_of(store, replace(one, wrapped_key=two.wrapped_key)) == BlobFault.ALTERED


def test_a_missing_file_is_noticed(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    file_of(folder, blob).unlink()
    with pytest.raises(NotFound):
        store.check(blob)
    assert fault_of(store, blob) == BlobFault.MISSING


def test_a_file_that_cannot_be_read_is_noticed(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    file = file_of(folder, blob)
    file.unlink()
    file.mkdir()
    assert fault_of(store, blob) == BlobFault.UNREADABLE


def test_deleting_is_done_once_and_again(store: BlobStore) -> None:
    blob = store.put(b"picture")
    store.delete(blob)
    assert list(store.stored_names()) == []
    store.delete(blob)


def test_a_name_leads_nowhere_else(store: BlobStore, tmp_path: Path) -> None:
    blob = store.put(b"picture")
    outside = tmp_path / "outside"
    outside.write_text("kept")
    for name in ("../outside", "", "/etc/passwd", blob.stored_name + "/..", "incoming", blob.stored_name.upper()):
        with pytest.raises(InvalidInput):
            store.delete(replace(blob, stored_name=name))
        with pytest.raises(InvalidInput):
            store.get(replace(blob, stored_name=name))
    assert outside.exists()


def test_an_empty_home_has_no_names(store: BlobStore) -> None:
    assert list(store.stored_names()) == []
    assert store.clear_temporary() == 0


def test_what_an_interrupted_writer_left_is_cleared(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    left = folder / "incoming" / blob.stored_name
    left.write_bytes(b"half")
    busy = folder / "incoming" / "busy"
    with busy.open("wb") as handle:  # as a living writer holds it
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert store.clear_temporary() == 1
        assert [each.name for each in (folder / "incoming").iterdir()] == ["busy"]
    assert store.clear_temporary() == 1
    assert list(store.stored_names()) == [blob.stored_name]
    assert store.get(blob) == b"picture"


def test_what_is_being_written_is_never_cleared(store: BlobStore, folder: Path) -> None:
    """Another process clears without pause while pictures are written; none is lost to it."""
    data = data_of(2 * FRAME_BYTES)
    done = threading.Event()

    def clear() -> int:
        removed = 0
        while not done.is_set():
            removed += BlobStore(folder, KEY).clear_temporary()
        return removed

    with ThreadPoolExecutor(1) as pool:
        clearing = pool.submit(clear)
        try:
            kept = [store.put(data) for _ in range(30)]
        finally:
            done.set()
        clearing.result()
    for blob in kept:
        store.check(blob)


def test_a_failed_write_leaves_nothing(store: BlobStore, folder: Path) -> None:
    blob = store.put(b"picture")
    (folder / "incoming").rmdir()
    (folder / "incoming").write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        store.put(b"other")
    assert "not stored" in caught.value.kept
    assert list(store.stored_names()) == [blob.stored_name]


def test_keys_and_names_come_from_the_entropy_given(folder: Path) -> None:
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return bytes([len(asked)]) * count

    blob = BlobStore(folder, KEY, entropy=entropy).put(b"picture")
    assert asked == [32, 8]
    assert blob.stored_name.endswith("-" + "02" * 8)
