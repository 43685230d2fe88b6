"""A process that stores until its disk fails, and says what is left; run on a disk that is small or that fails.

Usage: python faults.py blobs|database FOLDER
"""

import random
import sys
from pathlib import Path

from conftest_store import KEY, append
from lookalike.domain.errors import LookalikeError, StorageFull
from lookalike.store import BlobStore, create_database, open_database

SIZE = 100_000


def blobs(folder: Path) -> None:
    """Put pictures until that fails; check what was acknowledged; make room; put again."""
    store = BlobStore(folder / "blobs", KEY)
    noise = random.Random(1)  # noqa: S311 -- incompressible bytes, no secret
    kept = [store.put(noise.randbytes(SIZE))]
    failure = ""
    while not failure and len(kept) < 1000:
        try:
            kept.append(store.put(noise.randbytes(SIZE)))
        except LookalikeError as error:
            failure = f"{error.code}: {error.kept}"
    for blob in kept:
        store.check(blob)
    assert sorted(store.stored_names()) == sorted(blob.stored_name for blob in kept)
    assert list((folder / "blobs" / "incoming").iterdir()) == []
    store.delete(kept.pop())
    kept.append(store.put(noise.randbytes(SIZE)))
    store.check(kept[-1])
    print(failure)  # noqa: T201


def database(folder: Path) -> None:
    """Commit entries until that fails; check what was acknowledged; make room; commit again, here and anew."""
    url = f"sqlite:///{folder / 'lookalike.db'}"
    create_database(url, KEY)
    fillers = (folder / "little", folder / "much")
    for filler, size in zip(fillers, (SIZE * 4, SIZE * 14), strict=True):
        filler.write_bytes(bytes(size))
    opened = open_database(url, KEY)
    done = 0
    failure = ""
    while not failure and done < 1000:
        try:
            with opened.begin() as unit:
                append(unit, b"%d" % done + bytes(SIZE))
            done += 1
        except LookalikeError as error:
            failure = error.code
    with opened.read() as reading:
        assert [entry.data.rstrip(b"\0") for entry in reading.log.entries()] == [b"%d" % n for n in range(done)]
        assert reading.log.head().size == done
    for filler in fillers:
        filler.unlink()
        with opened.begin() as unit:
            append(unit, b"after")
        opened.close()
        opened = open_database(url, KEY)
        done += 1
        try:
            assert opened.damage() == ()
        except StorageFull:  # a page half copied from the log is no damage, and is not called so
            assert filler == fillers[0]
        with opened.read() as reading:
            assert reading.log.head().size == done
    opened.close()
    print(failure)  # noqa: T201


if __name__ == "__main__":
    {"blobs": blobs, "database": database}[sys.argv[1]](Path(sys.argv[2]))
