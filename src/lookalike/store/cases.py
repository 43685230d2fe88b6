"""Cases and exhibits as rows."""

from typing import Any

from sqlalchemy import Row, func, insert, select, update

from lookalike.domain.cases import Case, CaseState, Exhibit, ExhibitFace
from lookalike.domain.errors import Conflict, NotFound
from lookalike.domain.galleries import Purpose
from lookalike.domain.identifiers import Actor, CaseId, Digest, ExhibitId, Seq
from lookalike.domain.probes import ProbeKind
from lookalike.store import schema
from lookalike.store.rows import (
    analysed_size_of,
    face_columns,
    face_of,
    origin_columns,
    origin_of,
    quality_of,
    why_not_of,
)
from lookalike.store.statements import Statements

_CASE = schema.case
_EXHIBIT = schema.exhibit
_FACE = schema.exhibit_face


class Cases:
    """Cases as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def by_ref(self, ref: str) -> Case:
        """Return the case with the organisation's reference *ref*.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(select(_CASE).where(_CASE.c.ref == ref))
        if row is None:
            raise NotFound(f"There is no case {ref!r}.", remedy="Run: lookalike case open", ref=ref)
        return _case_of(row)

    def get(self, id_: CaseId) -> Case:
        """Return the case with this id.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(select(_CASE).where(_CASE.c.id == id_))
        if row is None:
            raise NotFound(f"There is no case with id {id_!r}.", id=id_)
        return _case_of(row)

    def list(self) -> tuple[Case, ...]:
        """Return every case, in the order of opening."""
        rows = self._statements.all(select(_CASE).order_by(_CASE.c.opened_seq, _CASE.c.id))
        return tuple(_case_of(row) for row in rows)


class WritableCases(Cases):
    """Cases as written to."""

    def add(self, case: Case) -> None:
        """Record a case.

        Raises:
            Conflict: A case has that reference already.
        """
        if self._statements.first(select(_CASE.c.id).where(_CASE.c.ref == case.ref)) is not None:
            raise Conflict(f"A case {case.ref!r} exists already.", remedy="Choose another reference.", ref=case.ref)
        row = {
            "id": case.id,
            "ref": case.ref,
            "purpose": case.purpose.value,
            "matter": case.matter,
            "legal_basis": case.legal_basis,
            "requester": case.requester,
            "state": case.state.value,
            "opened_at": case.opened_at,
            "opened_by": case.opened_by,
            "opened_seq": case.opened_seq,
        }
        self._statements.run(insert(_CASE).values(row))

    def close(self, id_: CaseId) -> None:
        """Close a case; closing it again changes nothing.

        Raises:
            NotFound: There is none.
        """
        closed = update(_CASE).where(_CASE.c.id == id_).values(state=CaseState.CLOSED.value)
        if self._statements.run(closed).rowcount != 1:
            raise NotFound(f"There is no case with id {id_!r}.", id=id_)


class Exhibits:
    """Exhibits as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def by_label(self, case: CaseId, label: str) -> Exhibit:
        """Return the exhibit of *case* that carries *label*.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(select(_EXHIBIT).where(_EXHIBIT.c.case == case, _EXHIBIT.c.label == label))
        if row is None:
            raise NotFound(f"The case has no exhibit {label!r}.", remedy="Run: lookalike exhibit add", label=label)
        return self._exhibit_of(row)

    def get(self, id_: ExhibitId) -> Exhibit:
        """Return the exhibit with this id.

        Raises:
            NotFound: There is none.
        """
        row = self._statements.first(select(_EXHIBIT).where(_EXHIBIT.c.id == id_))
        if row is None:
            raise NotFound(f"There is no exhibit with id {id_!r}.", id=id_)
        return self._exhibit_of(row)

    def list(self, case: CaseId) -> tuple[Exhibit, ...]:
        """Return the exhibits of *case*, in the order of being added."""
        rows = self._statements.all(
            select(_EXHIBIT).where(_EXHIBIT.c.case == case).order_by(_EXHIBIT.c.added_seq, _EXHIBIT.c.label)
        )
        return tuple(self._exhibit_of(row) for row in rows)

    def by_original(self, digest: Digest) -> tuple[Exhibit, ...]:
        """Return every exhibit made from the picture with *digest*, in any case."""
        rows = self._statements.all(
            select(_EXHIBIT).where(_EXHIBIT.c.original == digest).order_by(_EXHIBIT.c.added_seq, _EXHIBIT.c.id)
        )
        return tuple(self._exhibit_of(row) for row in rows)

    def next_label(self, case: CaseId) -> str:
        """Return the label of the next exhibit of *case*: ``E1``, ``E2``, ..."""
        count = select(func.count()).select_from(_EXHIBIT).where(_EXHIBIT.c.case == case)
        return f"E{self._statements.scalar(count) + 1}"

    def _exhibit_of(self, row: Row[Any]) -> Exhibit:
        faces = self._statements.all(select(_FACE).where(_FACE.c.exhibit == row.id).order_by(_FACE.c.position))
        return Exhibit(
            id=ExhibitId(row.id),
            case=CaseId(row.case),
            label=row.label,
            kind=ProbeKind(row.kind),
            origin=row.origin,
            file_name=row.file_name,
            original=Digest(row.original),
            picture=origin_of(row),
            analysed_size=analysed_size_of(row),
            faces=tuple(ExhibitFace(face.number, face_of(face), quality_of(face), why_not_of(face)) for face in faces),
            added_at=row.added_at,
            added_by=Actor(row.added_by),
            added_seq=Seq(row.added_seq),
            thorough=row.thorough,
        )


class WritableExhibits(Exhibits):
    """Exhibits as written to."""

    def add(self, exhibit: Exhibit) -> None:
        """Record an exhibit with its faces.

        Raises:
            Conflict: Its case has an exhibit with that label already; the transaction must be left.
        """
        row = {
            "id": exhibit.id,
            "case": exhibit.case,
            "label": exhibit.label,
            "kind": exhibit.kind.value,
            "origin": exhibit.origin,
            "file_name": exhibit.file_name,
            "original": exhibit.original,
            "added_at": exhibit.added_at,
            "added_by": exhibit.added_by,
            "added_seq": exhibit.added_seq,
            "thorough": exhibit.thorough,
        } | origin_columns(exhibit.picture, exhibit.analysed_size)
        self._statements.run(insert(_EXHIBIT).values(row))
        faces = [
            {"exhibit": exhibit.id, "position": position}
            | face_columns(found.number, found.face, found.quality, found.why_not)
            for position, found in enumerate(exhibit.faces)
        ]
        if faces:
            self._statements.run(insert(_FACE), faces)


def _case_of(row: Row[Any]) -> Case:
    return Case(
        id=CaseId(row.id),
        ref=row.ref,
        purpose=Purpose(row.purpose),
        matter=row.matter,
        legal_basis=row.legal_basis,
        requester=row.requester,
        state=CaseState(row.state),
        opened_at=row.opened_at,
        opened_by=Actor(row.opened_by),
        opened_seq=Seq(row.opened_seq),
    )
