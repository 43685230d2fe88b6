"""References, faces and templates as rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row, Select, func, insert, select, update

from lookalike.domain.errors import Conflict, IncomparableTemplates, IntegrityError, InvalidInput, NotFound
from lookalike.domain.identifiers import Digest, FaceId, Fingerprint, GalleryId, ReferenceId, Seq
from lookalike.domain.references import NewFace, NewReference, Reference, ReferenceFace
from lookalike.domain.templates import Template
from lookalike.store import schema
from lookalike.store.galleries import pack_number, touch
from lookalike.store.rows import (
    Columns,
    face_columns,
    face_of,
    origin_columns,
    provenance_columns,
    quality_of,
    reference_of,
    why_not_of,
)
from lookalike.store.statements import Statements

_GALLERY = schema.gallery
_PACK = schema.pack
_REFERENCE = schema.reference
_FACE = schema.face
_TEMPLATE = schema.template
_STORED_FLOAT = np.dtype("<f4")
_BLOCK = 500

Enrolled = tuple[ReferenceId, tuple[FaceId | None, ...]]
"""A reference's id, and for each of its faces in order the id, or ``None`` where the face was not acquired."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateBlock:
    """Templates as an index takes them: n faces by rising id, those of removed references among them.

    Attributes:
        faces: int64, shape (n,): face ids.
        vectors: float32, shape (n, dimension): unit vectors; read-only.
        galleries: int32, shape (n,): gallery ids.
        added: int64, shape (n,): log position of the enrolment.
        removed: int64, shape (n,): log position of the removal; -1 while enrolled.
    """

    faces: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    galleries: npt.NDArray[np.int32]
    added: npt.NDArray[np.int64]
    removed: npt.NDArray[np.int64]


class References:
    """References as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def get(self, id_: ReferenceId) -> Reference:
        """Return a reference, enrolled or removed.

        Raises:
            NotFound: There is none with this id.
        """
        row = self._statements.first(_references().where(_REFERENCE.c.id == id_))
        if row is None:
            raise _no_reference(id_)
        return reference_of(row)

    def as_enrolled(self, id_: ReferenceId) -> tuple[NewReference, tuple[FaceId | None, ...]]:
        """Return a reference as it was handed in and the ids its acquired faces were given, as `add` returned them.

        For holding it to its entry: every face and template is included.

        Raises:
            NotFound: There is none with this id.
            IntegrityError: A stored template was altered, or stands at another reference than its face.
        """
        reference = self.get(id_)
        joined = _FACE.outerjoin(_TEMPLATE, _TEMPLATE.c.face == _FACE.c.id)
        joined = joined.outerjoin(_PACK, _PACK.c.number == _TEMPLATE.c.pack)
        rows = self._statements.all(
            select(_FACE, _TEMPLATE.c.vector, _TEMPLATE.c.reference.label("placed"), _PACK.c.fingerprint)
            .select_from(joined)
            .where(_FACE.c.reference == id_)
            .order_by(_FACE.c.number)
        )
        misplaced = [row.id for row in rows if row.placed not in (None, id_)]
        if misplaced:
            raise IntegrityError(f"The template of face {misplaced[0]} stands at another reference.", face=misplaced[0])
        enrolled = NewReference(
            gallery=reference.gallery,
            external_id=reference.external_id,
            provenance=reference.provenance,
            original=reference.original,
            origin=reference.origin,
            analysed_size=reference.analysed_size,
            faces=tuple(self._face_as_enrolled(row) for row in rows),
        )
        return enrolled, tuple(None if row.vector is None else FaceId(row.id) for row in rows)

    def _face_as_enrolled(self, row: Row[Any]) -> NewFace:
        template = None
        if row.vector is not None:
            vector = np.frombuffer(self._statements.seal.open(row.vector, row.id), _STORED_FLOAT)
            template = Template(vector.astype(np.float32), Fingerprint(row.fingerprint))
        return NewFace(row.number, face_of(row), template, quality_of(row), why_not_of(row))

    def find(self, gallery: GalleryId, external_id: str, original: Digest) -> ReferenceId | None:
        """Return the id of this picture of this external id, where it is enrolled now."""
        enrolled = select(_REFERENCE.c.id).where(
            _REFERENCE.c.gallery == gallery,
            _REFERENCE.c.external_id == external_id,
            _REFERENCE.c.original == original,
            _REFERENCE.c.removed_seq.is_(None),
        )
        found = self._statements.scalar(enrolled)
        return None if found is None else ReferenceId(found)

    def by_external_id(self, gallery: GalleryId, external_id: str) -> tuple[Reference, ...]:
        """Return the references of *external_id* that are enrolled now, by id."""
        return self._read(
            _references().where(
                _REFERENCE.c.gallery == gallery,
                _REFERENCE.c.external_id == external_id,
                _REFERENCE.c.removed_seq.is_(None),
            )
        )

    def by_original(self, digest: Digest) -> tuple[Reference, ...]:
        """Return every reference made from the picture with *digest*, in any gallery, removed ones too, by id."""
        return self._read(_references().where(_REFERENCE.c.original == digest))

    def list(self, gallery: GalleryId, limit: int = 100, after: ReferenceId | None = None) -> tuple[Reference, ...]:
        """Return the next *limit* references enrolled now, by id, beyond the id *after*."""
        page = _references().where(_REFERENCE.c.gallery == gallery, _REFERENCE.c.removed_seq.is_(None)).limit(limit)
        return self._read(page if after is None else page.where(_REFERENCE.c.id > after))

    def enrolled_keys(self, gallery: GalleryId) -> Iterator[tuple[str, Digest]]:
        """Yield external id and original digest of every reference enrolled now; for resuming an enrolment."""
        last = 0
        while True:
            rows = self._statements.all(
                select(_REFERENCE.c.id, _REFERENCE.c.external_id, _REFERENCE.c.original)
                .where(_REFERENCE.c.gallery == gallery, _REFERENCE.c.removed_seq.is_(None), _REFERENCE.c.id > last)
                .order_by(_REFERENCE.c.id)
                .limit(20 * _BLOCK)
            )
            if not rows:
                return
            for row in rows:
                yield row.external_id, Digest(row.original)
            last = rows[-1].id

    def faces(self, ids: Sequence[FaceId]) -> dict[FaceId, ReferenceFace]:
        """Return acquired faces with the pictures they stand in, of removed references too.

        Raises:
            NotFound: An id is no acquired face's.
        """
        found: dict[FaceId, ReferenceFace] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), _BLOCK):
            block = wanted[start : start + _BLOCK]
            for row in self._statements.all(_faces().where(_FACE.c.id.in_(block))):
                quality = quality_of(row)
                if quality is not None:
                    reference = reference_of(row, id_column="reference_id")
                    id_ = FaceId(row.face_id)
                    found[id_] = ReferenceFace(id_, row.number, reference, face_of(row), quality)
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            raise NotFound(
                f"{len(missing)} of {len(wanted)} faces are not in the store.",
                remedy="Run: lookalike fsck",
                faces=missing[:20],
            )
        return found

    def templates(
        self, *, fingerprint: Fingerprint, after_face: int = 0, block: int = 20_000
    ) -> Iterator[TemplateBlock]:
        """Yield all templates of one model pack in blocks, by rising face id beyond *after_face*.

        Face ids rise in the order of commits: what was added since a block was read lies beyond its last face.

        Raises:
            IntegrityError: A stored vector is not of the pack's dimension, or was altered.
        """
        pack = self._statements.first(
            select(_PACK.c.number, _PACK.c.dimension).where(_PACK.c.fingerprint == fingerprint)
        )
        if pack is None:
            return
        ordered = select(_TEMPLATE.c.face, _TEMPLATE.c.reference, _TEMPLATE.c.vector)
        ordered = ordered.where(_TEMPLATE.c.pack == pack.number).order_by(_TEMPLATE.c.face).limit(block)
        open_ = self._statements.seal.open
        while rows := self._statements.tuples(ordered.where(_TEMPLATE.c.face > after_face)):
            faces, references, sealed = zip(*rows, strict=True)
            vectors = b"".join(map(open_, sealed, faces))
            if len(vectors) != len(rows) * pack.dimension * _STORED_FLOAT.itemsize:
                raise IntegrityError(
                    f"A template of faces {faces[0]} to {faces[-1]} is not of {pack.dimension} numbers.",
                    remedy="Restore the last backup.",
                )
            galleries, added, removed = self._placed(np.array(references, np.int64))
            yield TemplateBlock(
                faces=np.array(faces, np.int64),
                vectors=np.frombuffer(vectors, _STORED_FLOAT).reshape(len(rows), pack.dimension),
                galleries=galleries.astype(np.int32),
                added=added,
                removed=removed,
            )
            after_face = faces[-1]

    def _placed(self, references: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return gallery, enrolment and removal (-1 while enrolled) of each reference: int64, shape (3, n).

        The ids given lie close together, because they are given out in order: so their whole range is read, which is
        quick on any database without help from its planner.
        """
        columns = (
            _REFERENCE.c.id,
            _REFERENCE.c.gallery,
            _REFERENCE.c.added_seq,
            func.coalesce(_REFERENCE.c.removed_seq, -1),
        )
        lowest, highest = int(references.min()), int(references.max())
        between = select(*columns).where(_REFERENCE.c.id.between(lowest, highest)).order_by(_REFERENCE.c.id)
        rows = np.array(self._statements.tuples(between), np.int64)
        return rows[np.searchsorted(rows[:, 0], references), 1:].T.copy()

    def removals(self, *, fingerprint: Fingerprint, after: Seq) -> Iterator[tuple[Seq, npt.NDArray[np.int64]]]:
        """Yield what was removed beyond log position *after*: each position with its faces of one model pack.

        The faces are int64, shape (n,), ascending; the positions ascend too.
        """
        joined = _TEMPLATE.join(_REFERENCE, _REFERENCE.c.id == _TEMPLATE.c.reference)
        joined = joined.join(_PACK, _PACK.c.number == _TEMPLATE.c.pack)
        rows = self._statements.tuples(
            select(_REFERENCE.c.removed_seq, _TEMPLATE.c.face)
            .select_from(joined)
            .where(_REFERENCE.c.removed_seq > after, _PACK.c.fingerprint == fingerprint)
            .order_by(_REFERENCE.c.removed_seq, _TEMPLATE.c.face)
        )
        for seq, group in groupby(rows, key=itemgetter(0)):
            yield Seq(seq), np.array([face for _, face in group], np.int64)

    def _read(self, query: Select[Any]) -> tuple[Reference, ...]:
        return tuple(reference_of(row) for row in self._statements.all(query.order_by(_REFERENCE.c.id)))


class WritableReferences(References):
    """References as written to."""

    def add(self, reference: NewReference, *, seq: Seq) -> Enrolled:
        """Enrol one picture with all its faces; the gallery's version becomes *seq*.

        Raises:
            Conflict: This picture of this external id is enrolled already.
            NotFound: There is no such gallery, or the templates' model pack was not accepted.
            IncomparableTemplates: The gallery holds templates of another model pack.
            InvalidInput: A template is not of its pack's dimension.
        """
        (enrolled,) = self.add_many((reference,), seq=seq)
        return enrolled

    def add_many(self, references: Sequence[NewReference], *, seq: Seq) -> tuple[Enrolled, ...]:
        """Enrol many pictures at one log position; all or, with the transaction, none.

        Raises:
            Conflict: A picture of an external id is enrolled already; the transaction must be left.
            NotFound: As for `add`.
            IncomparableTemplates: As for `add`.
            InvalidInput: As for `add`.
        """
        packs = self._packs_of(references, seq)
        reference_ids = self._statements.take_ids("reference", len(references))
        face_ids = iter(self._statements.take_ids("face", sum(len(new.faces) for new in references)))
        rows: list[Columns] = []
        faces: list[Columns] = []
        templates: list[Columns] = []
        enrolled: list[Enrolled] = []
        for id_, new in zip(reference_ids, references, strict=True):
            rows.append(
                {
                    "id": id_,
                    "gallery": new.gallery,
                    "external_id": new.external_id,
                    "original": new.original,
                    "added_seq": seq,
                    "removed_seq": None,
                }
                | provenance_columns(new.provenance)
                | origin_columns(new.origin, new.analysed_size)
            )
            given: list[FaceId | None] = []
            for face in new.faces:
                face_id = next(face_ids)
                columns = face_columns(face.number, face.face, face.quality, face.why_not)
                faces.append({"id": face_id, "reference": id_} | columns)
                given.append(None if face.template is None else FaceId(face_id))
                if face.template is not None:
                    vector = face.template.vector.astype(_STORED_FLOAT, copy=False).tobytes()
                    templates.append(
                        {
                            "face": face_id,
                            "reference": id_,
                            "pack": packs[face.template.fingerprint],
                            "vector": self._statements.seal.close(vector, face_id),
                        }
                    )
            enrolled.append((ReferenceId(id_), tuple(given)))
        for table, batch in ((_REFERENCE, rows), (_FACE, faces), (_TEMPLATE, templates)):
            if batch:
                self._statements.run(insert(table), batch)
        return tuple(enrolled)

    def remove(self, id_: ReferenceId, *, seq: Seq) -> None:
        """Take a reference out of its gallery from log position *seq* on; its gallery's version becomes *seq*.

        The rows stay, so that earlier searches can be replayed.

        Raises:
            NotFound: There is no such reference.
            Conflict: It was removed already.
        """
        reference = self.get(id_)
        if reference.removed_seq is not None:
            raise Conflict(f"Reference {id_} was removed already.", removed_seq=reference.removed_seq)
        self._statements.run(update(_REFERENCE).where(_REFERENCE.c.id == id_).values(removed_seq=seq))
        touch(self._statements, reference.gallery, seq, None)

    def _packs_of(self, references: Sequence[NewReference], seq: Seq) -> dict[Fingerprint, int]:
        """Check what is to be added, bring the galleries to *seq* and their packs, and return the packs' numbers."""
        dimensions: dict[Fingerprint, int] = {}
        galleries: dict[GalleryId, Fingerprint | None] = {}
        for new in references:
            galleries.setdefault(new.gallery, None)
            for face in new.faces:
                if (face.template is None) != (face.quality is None) or (face.quality is None) == (
                    face.why_not is None
                ):
                    raise InvalidInput("A face has a template and a quality, or a reason why not.", face=face.number)
                if face.template is None:
                    continue
                fingerprint, dimension = face.template.fingerprint, face.template.dimension
                if dimensions.setdefault(fingerprint, dimension) != dimension:
                    raise InvalidInput("Templates of one model pack have one dimension.", fingerprint=fingerprint)
                if (galleries[new.gallery] or fingerprint) != fingerprint:
                    raise IncomparableTemplates("Templates of two model packs were to be enrolled into one gallery.")
                galleries[new.gallery] = fingerprint
        numbers: dict[Fingerprint, int] = {}
        for fingerprint, dimension in dimensions.items():
            number, stated = pack_number(self._statements, fingerprint)
            if stated != dimension:
                raise InvalidInput(
                    f"The model pack makes templates of {stated} numbers, not of {dimension}.", fingerprint=fingerprint
                )
            numbers[fingerprint] = number
        for gallery, fingerprint_or_none in galleries.items():
            touch(self._statements, gallery, seq, fingerprint_or_none)
        return numbers


def _references() -> Select[Any]:
    joined = _REFERENCE.join(_GALLERY, _GALLERY.c.id == _REFERENCE.c.gallery)
    return select(_REFERENCE, _GALLERY.c.name.label("gallery_name")).select_from(joined)


def _faces() -> Select[Any]:
    joined = _FACE.join(_REFERENCE, _REFERENCE.c.id == _FACE.c.reference)
    joined = joined.join(_GALLERY, _GALLERY.c.id == _REFERENCE.c.gallery)
    of_face = [column for column in _FACE.c if column.name not in {"id", "reference"}]
    of_reference = [column for column in _REFERENCE.c if column.name != "id"]
    return select(
        _FACE.c.id.label("face_id"),
        _REFERENCE.c.id.label("reference_id"),
        _GALLERY.c.name.label("gallery_name"),
        *of_face,
        *of_reference,
    ).select_from(joined)


def _no_reference(id_: ReferenceId) -> NotFound:
    return NotFound(f"There is no reference with id {id_}.", id=id_)
