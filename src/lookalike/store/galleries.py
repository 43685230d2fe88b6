"""Galleries as rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from lookalike.domain.errors import Conflict, IncomparableTemplates, NotFound
from lookalike.domain.galleries import (
    Gallery,
    GalleryCounts,
    GalleryState,
    NewGallery,
    Purpose,
    SubjectCategory,
)
from lookalike.domain.identifiers import Actor, Fingerprint, GalleryId, Seq
from lookalike.store import schema
from lookalike.store.statements import Statements

_GALLERY = schema.gallery
_PACK = schema.pack
_REFERENCE = schema.reference
_TEMPLATE = schema.template


class Galleries:
    """Galleries as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def by_name(self, name: str) -> Gallery:
        """Return the gallery called *name*, whatever its letters' case.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(_galleries().where(_GALLERY.c.name_key == name.lower()))
        if row is None:
            raise NotFound(f"There is no gallery {name!r}.", remedy="Run: lookalike gallery list", name=name)
        return _gallery_of(row)

    def get(self, id_: GalleryId) -> Gallery:
        """Return the gallery with this id.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(_galleries().where(_GALLERY.c.id == id_))
        if row is None:
            raise _no_gallery(id_)
        return _gallery_of(row)

    def list(self) -> tuple[Gallery, ...]:
        """Return every gallery, in the order of registration."""
        return tuple(_gallery_of(row) for row in self._statements.all(_galleries().order_by(_GALLERY.c.id)))

    def counts(self, id_: GalleryId) -> GalleryCounts:
        """Count the references that are enrolled now, and their acquired faces."""
        enrolled = (_REFERENCE.c.gallery == id_) & _REFERENCE.c.removed_seq.is_(None)
        references = self._statements.scalar(select(func.count()).select_from(_REFERENCE).where(enrolled))
        joined = _TEMPLATE.join(_REFERENCE, _REFERENCE.c.id == _TEMPLATE.c.reference)
        faces = self._statements.scalar(select(func.count()).select_from(joined).where(enrolled))
        return GalleryCounts(references=references, faces=faces)

    def version_at(self, id_: GalleryId, as_of: Seq) -> Seq:
        """Return the log position of the last change to the gallery's references at or before *as_of*.

        Its registration counts as the first.

        Raises:
            NotFound: There is no such gallery, or it was registered after *as_of*.
        """
        gallery = self._statements.first(select(_GALLERY.c.name, _GALLERY.c.registered_seq).where(_GALLERY.c.id == id_))
        if gallery is None:
            raise _no_gallery(id_)
        if gallery.registered_seq > as_of:
            raise NotFound(
                f"The gallery {gallery.name!r} was registered after log position {as_of}.",
                remedy=f"Search as of {gallery.registered_seq} or later.",
                registered_seq=gallery.registered_seq,
            )
        positions = [gallery.registered_seq]
        for column in (_REFERENCE.c.added_seq, _REFERENCE.c.removed_seq):
            last = select(func.max(column)).where(_REFERENCE.c.gallery == id_, column <= as_of)
            positions.append(self._statements.scalar(last) or 0)
        return Seq(max(positions))


class WritableGalleries(Galleries):
    """Galleries as written to."""

    def add(self, declared: NewGallery, *, at: datetime, actor: Actor, seq: Seq) -> Gallery:
        """Register a gallery.

        Raises:
            Conflict: A gallery has that name already, whatever its letters' case.
        """
        name_key = declared.name.lower()
        if self._statements.first(select(_GALLERY.c.id).where(_GALLERY.c.name_key == name_key)) is not None:
            raise Conflict(
                f"A gallery {declared.name!r} exists already.", remedy="Choose another name.", name=declared.name
            )
        (id_,) = self._statements.take_ids("gallery", 1)
        row = {
            "id": id_,
            "name": declared.name,
            "name_key": name_key,
            "owner": declared.owner,
            "legal_basis": declared.legal_basis,
            "subject_category": declared.subject_category.value,
            "purposes": [purpose.value for purpose in declared.purposes],
            "retain_until": declared.retain_until,
            "state": GalleryState.OPEN.value,
            "registered_at": at,
            "registered_by": actor,
            "registered_seq": seq,
            "version": seq,
            "pack": None,
        }
        self._statements.run(insert(_GALLERY).values(row))
        return self.get(GalleryId(id_))

    def touch(self, id_: GalleryId, version: Seq, fingerprint: Fingerprint | None) -> None:
        """Set the gallery's version, and the model pack of its templates where *fingerprint* names one.

        Adding and removing references does this by itself; saying it again changes nothing.

        Raises:
            NotFound: There is no such gallery, or no such pack was accepted.
            IncomparableTemplates: Its templates were made by another pack.
        """
        touch(self._statements, id_, version, fingerprint)

    def set_state(self, id_: GalleryId, state: GalleryState) -> None:
        """Open or close a gallery.

        Raises:
            NotFound: There is no such gallery.
        """
        changed = self._statements.run(update(_GALLERY).where(_GALLERY.c.id == id_).values(state=state.value))
        if changed.rowcount != 1:
            raise _no_gallery(id_)


def touch(statements: Statements, id_: GalleryId, version: Seq, fingerprint: Fingerprint | None) -> None:
    """Do what `WritableGalleries.touch` says."""
    row = statements.first(_galleries().where(_GALLERY.c.id == id_))
    if row is None:
        raise _no_gallery(id_)
    changes: dict[str, int] = {}
    if version > row.version:
        changes["version"] = version
    if fingerprint is not None and row.fingerprint is None:
        changes["pack"], _ = pack_number(statements, fingerprint)
    elif fingerprint is not None and fingerprint != row.fingerprint:
        raise IncomparableTemplates(
            f"The gallery {row.name!r} holds templates of another model pack.",
            remedy="Enrol into a new gallery, or with the model pack that the gallery was enrolled with.",
            gallery=row.name,
            first=row.fingerprint,
            second=fingerprint,
        )
    if changes:
        statements.run(update(_GALLERY).where(_GALLERY.c.id == id_).values(changes))


def pack_number(statements: Statements, fingerprint: Fingerprint) -> tuple[int, int]:
    """Return the short number that stands for *fingerprint* in this database, and the pack's dimension.

    Raises:
        NotFound: No such pack was accepted here.
    """
    row = statements.first(select(_PACK.c.number, _PACK.c.dimension).where(_PACK.c.fingerprint == fingerprint))
    if row is None:
        raise NotFound(
            f"No model pack with fingerprint {fingerprint[:12]} was accepted here.",
            remedy="Run: lookalike models add",
            fingerprint=fingerprint,
        )
    return row.number, row.dimension


def _galleries() -> Select[Any]:
    joined = _GALLERY.outerjoin(_PACK, _PACK.c.number == _GALLERY.c.pack)
    return select(_GALLERY, _PACK.c.fingerprint).select_from(joined)


def _gallery_of(row: Row[Any]) -> Gallery:
    return Gallery(
        id=GalleryId(row.id),
        declared=NewGallery(
            name=row.name,
            owner=row.owner,
            legal_basis=row.legal_basis,
            subject_category=SubjectCategory(row.subject_category),
            purposes=tuple(Purpose(word) for word in row.purposes),
            retain_until=row.retain_until,
        ),
        state=GalleryState(row.state),
        registered_at=row.registered_at,
        registered_by=Actor(row.registered_by),
        version=Seq(row.version),
        fingerprint=None if row.fingerprint is None else Fingerprint(row.fingerprint),
    )


def _no_gallery(id_: GalleryId) -> NotFound:
    return NotFound(f"There is no gallery with id {id_}.", remedy="Run: lookalike gallery list", id=id_)
