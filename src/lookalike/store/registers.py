"""Actors, model packs and stored objects: the short registers."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from lookalike.domain.calibration import Calibration
from lookalike.domain.errors import Conflict, NotFound
from lookalike.domain.identifiers import Actor, Digest, Fingerprint, Seq
from lookalike.domain.packs import PackFile, PackInfo
from lookalike.store import schema
from lookalike.store.statements import Statements

_ACTOR = schema.actor
_PACK = schema.pack
_BLOB = schema.blob


class Actors:
    """Who may act, as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def exists(self, actor: Actor) -> bool:
        """Say whether *actor* was added."""
        return self._statements.first(select(_ACTOR.c.name).where(_ACTOR.c.name == actor)) is not None

    def list(self) -> tuple[Actor, ...]:
        """Return every actor, in the order of being added."""
        rows = self._statements.all(select(_ACTOR.c.name).order_by(_ACTOR.c.added_seq, _ACTOR.c.added_at))
        return tuple(Actor(row.name) for row in rows)


class WritableActors(Actors):
    """Who may act, as written to."""

    def add(self, actor: Actor, *, at: datetime, seq: Seq) -> None:
        """Add *actor*.

        Raises:
            Conflict: The actor is there already.
        """
        if self.exists(actor):
            raise Conflict(f"The actor {actor!r} exists already.", actor=actor)
        self._statements.run(insert(_ACTOR).values(name=actor, added_at=at, added_seq=seq))


class Packs:
    """Accepted model packs, as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def get(self, fingerprint: Fingerprint) -> PackInfo:
        """Return the pack with *fingerprint*.

        Raises:
            NotFound: No such pack was accepted here.
        """
        row = self._statements.first(select(_PACK).where(_PACK.c.fingerprint == fingerprint))
        if row is None:
            raise NotFound(
                f"No model pack with fingerprint {fingerprint[:12]} was accepted here.",
                remedy="Run: lookalike models list",
                fingerprint=fingerprint,
            )
        return _pack_of(row)

    def list(self) -> tuple[PackInfo, ...]:
        """Return every pack, in the order of acceptance."""
        return tuple(_pack_of(row) for row in self._statements.all(select(_PACK).order_by(_PACK.c.number)))


class WritablePacks(Packs):
    """Accepted model packs, as written to."""

    def add(self, info: PackInfo, *, accepted_by: Actor, at: datetime, seq: Seq) -> None:
        """Record that *accepted_by* accepted a pack's licence and statements.

        Raises:
            Conflict: The pack was accepted already.
        """
        known = select(_PACK.c.number).where(_PACK.c.fingerprint == info.fingerprint)
        if self._statements.first(known) is not None:
            raise Conflict(f"The model pack {info.id!r} was accepted already.", fingerprint=info.fingerprint)
        last = self._statements.scalar(select(func.max(_PACK.c.number)))
        calibration = info.calibration
        row = {
            "number": (last or 0) + 1,
            "fingerprint": info.fingerprint,
            "id": info.id,
            "dimension": info.dimension,
            "files": [asdict(file) for file in info.files],
            "training_data": info.training_data,
            "commercial_use": info.commercial_use,
            "licence_text": info.licence_text,
            "calibration": None if calibration is None else asdict(calibration),
            "accepted_by": accepted_by,
            "accepted_at": at,
            "accepted_seq": seq,
        }
        self._statements.run(insert(_PACK).values(row))


def _pack_of(row: Row[Any]) -> PackInfo:
    return PackInfo(
        id=row.id,
        fingerprint=Fingerprint(row.fingerprint),
        dimension=row.dimension,
        files=tuple(PackFile(**file) for file in row.files),
        training_data=row.training_data,
        commercial_use=row.commercial_use,
        licence_text=row.licence_text,
        calibration=None if row.calibration is None else _calibration_of(row.calibration),
    )


def _calibration_of(kept: dict[str, Any]) -> Calibration:
    return Calibration(**{**kept, "scores": tuple(kept["scores"]), "rates": tuple(kept["rates"])})


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """An object of the blob folder: as it was stored, and as its row keeps it.

    Attributes:
        sha256: Of the object's own bytes.
        size: Of the object's own bytes.
        stored_name: The file's name in the blob folder; it does not tell what the object is.
        wrapped_key: The object's key, wrapped by the home's (RFC 3394), 40 bytes; without it nobody can read the file.
    """

    sha256: Digest
    size: int
    stored_name: str
    wrapped_key: bytes


class Blobs:
    """The index of stored objects, as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def exists(self, digest: Digest) -> bool:
        """Say whether an object with *digest* is stored."""
        return self._statements.first(select(_BLOB.c.sha256).where(_BLOB.c.sha256 == digest)) is not None

    def get(self, digest: Digest) -> StoredBlob:
        """Return what it takes to read the object with *digest*.

        Raises:
            NotFound: No such object is stored.
        """
        row = self._statements.first(select(_BLOB).where(_BLOB.c.sha256 == digest))
        if row is None:
            raise NotFound(f"No stored object has the digest {digest}.", remedy="Run: lookalike fsck", digest=digest)
        return _blob_of(row)

    def list(self) -> tuple[StoredBlob, ...]:
        """Return every row, by digest."""
        return tuple(_blob_of(row) for row in self._statements.all(select(_BLOB).order_by(_BLOB.c.sha256)))


class WritableBlobs(Blobs):
    """The index of stored objects, as written to."""

    def add(self, blob: StoredBlob) -> None:
        """Record a stored object.

        Raises:
            Conflict: An object with this digest is recorded already, in a file of its own.
        """
        if self.exists(blob.sha256):
            raise Conflict(f"The object {blob.sha256} is stored already.", digest=blob.sha256)
        self._statements.run(insert(_BLOB).values(asdict(blob)))


def _blob_of(row: Row[Any]) -> StoredBlob:
    return StoredBlob(Digest(row.sha256), row.size, row.stored_name, row.wrapped_key)
