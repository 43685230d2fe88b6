"""Cases and exhibits: intake by rule O1, originals hashed and kept, faces found and shown, nothing searched."""

from collections.abc import Callable
from dataclasses import dataclass

from lookalike.domain import policy
from lookalike.domain.cases import Case, CaseState, Exhibit, ExhibitFace
from lookalike.domain.errors import Conflict
from lookalike.domain.galleries import Purpose
from lookalike.domain.identifiers import Actor, CaseId, ExhibitId
from lookalike.domain.log import EntryKind
from lookalike.domain.probes import ProbeKind
from lookalike.services.analysis import Analyst
from lookalike.services.fact_digests import fact_digest
from lookalike.services.journal import Journal, next_seq
from lookalike.services.pictures import Pictures
from lookalike.store import Database


@dataclass(frozen=True, slots=True)
class OpenCase:
    """What is stated when a case is opened; unchecked text, since a refusal is recorded too."""

    ref: str
    purpose: str
    matter: str
    legal_basis: str
    requester: str


@dataclass(frozen=True, slots=True)
class AddExhibit:
    """What is stated when a picture is added to a case."""

    case_ref: str
    kind: str
    origin: str
    file_name: str
    data: bytes
    thorough: bool = False


@dataclass(frozen=True, slots=True)
class CaseService:
    """What an investigator does before a search."""

    database: Database
    journal: Journal
    new_id: Callable[[], str]

    def open(self, command: OpenCase, *, actor: Actor) -> Case:
        """Open a case (O1).

        Raises:
            PolicyRefusal: Purpose, matter, legal basis or requester is missing; the refusal is recorded.
            Conflict: The reference is taken.
        """
        refused = policy.intake(
            purpose=command.purpose,
            matter=command.matter,
            legal_basis=command.legal_basis,
            requester=command.requester,
        )
        if refused is None and not (command.ref.strip() and command.ref.isprintable()):
            refused = policy.Refused(
                "O1",
                "A case needs its reference, in one line of printable text.",
                "Give the case's own number or name.",
            )
        if refused:
            self.journal.refuse(self.database, refused, act="open case", actor=actor, facts={"ref": command.ref})
        with self.database.begin() as unit:
            case = Case(
                id=CaseId(self.new_id()),
                ref=command.ref,
                purpose=Purpose(command.purpose),
                matter=command.matter,
                legal_basis=command.legal_basis,
                requester=command.requester,
                state=CaseState.OPEN,
                opened_at=self.journal.now(),
                opened_by=actor,
                opened_seq=next_seq(unit),
            )
            unit.cases.add(case)
            self.journal.write(
                unit,
                EntryKind.CASE_OPENED,
                actor,
                {
                    "case": case.id,
                    "ref": case.ref,
                    "purpose": case.purpose.value,
                    "matter": case.matter,
                    "legal_basis": case.legal_basis,
                    "requester": case.requester,
                    "digest": fact_digest(case),
                },
            )
        return case

    def list(self) -> tuple[Case, ...]:
        """Return all cases."""
        with self.database.read() as reading:
            return reading.cases.list()

    def show(self, ref: str) -> tuple[Case, tuple[Exhibit, ...]]:
        """Return a case and its exhibits.

        Raises:
            NotFound: There is no such case.
        """
        with self.database.read() as reading:
            case = reading.cases.by_ref(ref)
            return case, reading.exhibits.list(case.id)


@dataclass(frozen=True, slots=True)
class ExhibitService:
    """Adds pictures to cases: the original is kept as it is, its faces are found and listed."""

    database: Database
    journal: Journal
    new_id: Callable[[], str]
    analyst: Analyst
    pictures: Pictures

    def add(self, command: AddExhibit, *, actor: Actor) -> Exhibit:
        """Add a picture to a case.

        The same bytes twice in one case are one exhibit: the one already there is returned.

        Raises:
            NotFound: There is no such case.
            PolicyRefusal: Origin missing (O1), kind not permitted (O4) or case closed; the refusal is recorded.
            UnreadableMedia: The picture cannot be decoded.
        """
        with self.database.read() as reading:
            case = reading.cases.by_ref(command.case_ref)
        refused = policy.exhibit(kind=command.kind, origin=command.origin)
        if refused is None and case.state is not CaseState.OPEN:
            refused = policy.Refused("O1", f"Case {case.ref} is closed.", "Add exhibits to an open case.")
        if refused:
            self.journal.refuse(self.database, refused, act="add exhibit", actor=actor, facts={"case": case.id})
        picture = self.analyst.probe(command.data, name=command.file_name, thorough=command.thorough)
        stored = self.pictures.keep(command.data, picture.digest)
        with self.database.begin() as unit:
            if unit.cases.get(case.id).state is not CaseState.OPEN:
                raise Conflict(f"Case {case.ref} was closed meanwhile.", remedy="Add exhibits to an open case.")
            self.pictures.record(unit, stored)
            for known in unit.exhibits.by_original(picture.digest):
                if known.case == case.id:
                    return _unless_stated_otherwise(known, command)
            exhibit = Exhibit(
                id=ExhibitId(self.new_id()),
                case=case.id,
                label=unit.exhibits.next_label(case.id),
                kind=ProbeKind(command.kind),
                origin=command.origin,
                file_name=command.file_name,
                original=picture.digest,
                picture=picture.origin,
                analysed_size=picture.analysed_size,
                faces=tuple(ExhibitFace(f.number, f.face, f.quality, f.why_not) for f in picture.faces),
                added_at=self.journal.now(),
                added_by=actor,
                added_seq=next_seq(unit),
                thorough=command.thorough,
            )
            unit.exhibits.add(exhibit)
            self.journal.write(
                unit,
                EntryKind.EXHIBIT_ADDED,
                actor,
                {
                    "case": case.id,
                    "exhibit": exhibit.id,
                    "label": exhibit.label,
                    "kind": exhibit.kind.value,
                    "origin": exhibit.origin,
                    "original": exhibit.original,
                    "faces": len(exhibit.faces),
                    "enrolled_as": [known.id for known in unit.references.by_original(picture.digest)],
                    "digest": fact_digest(exhibit),
                },
            )
        return exhibit


def _unless_stated_otherwise(known: Exhibit, command: AddExhibit) -> Exhibit:
    if (known.kind, known.origin, known.thorough) != (command.kind, command.origin, command.thorough):
        raise Conflict(
            f"This picture is exhibit {known.label} of the case already, stated otherwise.",
            remedy=f"Search exhibit {known.label}, or state its kind ({known.kind}) and origin ({known.origin}).",
            exhibit=known.label,
        )
    return known
