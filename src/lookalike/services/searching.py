"""Search: policy, acquire, exhaustive certified scan, calibrate, record; and only then an answer."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import rfc8785

from lookalike.audit import JsonValue
from lookalike.domain import policy
from lookalike.domain.calibration import Calibration
from lookalike.domain.candidates import CertifiedList
from lookalike.domain.cases import Case, CaseState, Exhibit
from lookalike.domain.errors import (
    Conflict,
    IncomparableTemplates,
    IntegrityError,
    InvalidInput,
    NoFaceChosen,
    NoFaceFound,
    NotFound,
)
from lookalike.domain.galleries import Gallery
from lookalike.domain.identifiers import Actor, Digest, FaceId, GalleryId, SearchId, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.packs import PackInfo
from lookalike.domain.searches import (
    Candidate,
    Outcome,
    Receipt,
    SearchedGallery,
    SearchRecord,
    SearchSettings,
)
from lookalike.domain.templates import Template
from lookalike.services.analysis import Analyst
from lookalike.services.fact_digests import fact_digest
from lookalike.services.journal import Journal, next_seq
from lookalike.services.live_index import LiveIndex
from lookalike.services.pictures import Pictures
from lookalike.store import Database, Reading

MOST_ROUNDS = 5
"""Times a search is made anew because a reference of its list was removed meanwhile."""
SAME_FACE_OVERLAP = 0.9
"""Least overlap of a face's box with the one recorded when the exhibit was added."""


@dataclass(frozen=True, slots=True)
class SearchCommand:
    """What is asked.

    Attributes:
        face: Number of the exhibit's face; may be left out where the exhibit shows one face only.
        galleries: Names; empty means every gallery that the case is entitled to.
        as_of: Log position to search at; ``None`` means now.
        target_fpir: FPIR(N, T) of the operating point.
    """

    case_ref: str
    exhibit_label: str
    face: int | None
    galleries: tuple[str, ...]
    limit: int
    as_of: int | None
    target_fpir: float


@dataclass(frozen=True, slots=True)
class SearchService:
    """Searches.

    Attributes:
        today: The current date, against which retention is held.
        new_id: A fresh id.
    """

    database: Database
    journal: Journal
    new_id: Callable[[], str]
    today: Callable[[], date]
    analyst: Analyst
    pictures: Pictures
    index: LiveIndex
    pack: PackInfo

    def run(self, command: SearchCommand, *, actor: Actor) -> SearchRecord:
        """Search one face of an exhibit in the galleries that the case is entitled to.

        The answer is returned only once its record, receipt and audit entry are durable. An attempt that comes to
        nothing is recorded as well.

        Raises:
            NotFound: No such case, exhibit, gallery or face.
            PolicyRefusal: A rule of intake or entitlement said no (O1, O3, O6).
            NoFaceChosen: The exhibit shows several faces and none was chosen.
            NoFaceFound: The exhibit shows no face, or the chosen one could not be acquired.
            IncomparableTemplates: A gallery was enrolled with another model pack.
            InvalidInput: *as_of* lies in the future, or before any of the galleries.
        """
        try:
            return self._run(command, actor=actor)
        except (NotFound, InvalidInput, IncomparableTemplates) as error:
            facts = {
                "case_ref": command.case_ref,
                "exhibit": command.exhibit_label,
                "galleries": list(command.galleries),
            }
            with self.database.begin() as unit:
                self.journal.write(
                    unit,
                    EntryKind.ACT_REFUSED,
                    actor,
                    {**facts, "act": "search", "rule": error.code, "reason": error.happened},
                )
            raise

    def _run(self, command: SearchCommand, *, actor: Actor) -> SearchRecord:
        with self.database.read() as reading:
            case = reading.cases.by_ref(command.case_ref)
            exhibit = reading.exhibits.by_label(case.id, command.exhibit_label)
            named = {g.id: g for g in (reading.galleries.by_name(name) for name in command.galleries)}
            known = tuple(named.values()) or reading.galleries.list()
        galleries = self._allowed(command, case, exhibit, known, actor=actor)
        number = _chosen(exhibit, command.face)
        probe = probe_template(self.analyst, self.pictures, exhibit, number)
        for _ in range(MOST_ROUNDS):
            index, latest = self.index.current()
            as_of = latest if command.as_of is None else _past(command.as_of, latest)
            galleries = self._registered_by(as_of, galleries)
            ids = frozenset(gallery.id for gallery in galleries)
            (answer,) = index.search([probe], galleries=ids, limit=command.limit, as_of=as_of)
            asked = _Asked(
                case=case,
                exhibit=exhibit,
                face=number,
                settings=SearchSettings(command.limit, command.target_fpir, as_of, exhibit.thorough),
                galleries=galleries,
                counts=index.count(ids, as_of=as_of),
            )
            with self.database.begin() as unit:
                if command.as_of is None and _removed_meanwhile(unit, answer):
                    continue  # a removal was acknowledged since the index was brought up; never return what it removed
                self._still_allowed(unit, asked)
                record = self._record(unit, asked, answer, actor=actor)
                unit.searches.add(record)
                self.journal.write(unit, EntryKind.SEARCH_PERFORMED, actor, _entry_facts(record))
            return record
        raise IntegrityError(
            f"The index still lists a removed reference after {MOST_ROUNDS} rounds.",
            remedy="Run: lookalike audit verify",
        )

    def _registered_by(self, as_of: Seq, galleries: tuple[Gallery, ...]) -> tuple[Gallery, ...]:
        """Leave out galleries that were registered after *as_of*."""
        with self.database.read() as reading:
            older = []
            for gallery in galleries:
                with suppress(NotFound):
                    reading.galleries.version_at(gallery.id, as_of)
                    older.append(gallery)
        if not older:
            raise InvalidInput(
                f"None of these galleries was registered at position {as_of} of the log.",
                remedy="Choose a later --as-of.",
            )
        return tuple(older)

    def _still_allowed(self, reading: Reading, asked: "_Asked") -> None:
        """Hold case and galleries against policy once more, now that nobody else can write."""
        case, today = reading.cases.get(asked.case.id), self.today()
        for gallery in asked.galleries:
            refused = policy.entitlement(case, reading.galleries.get(gallery.id), today=today)
            if refused:
                raise Conflict(f"Meanwhile: {refused.reason}", remedy=refused.remedy, rule=refused.rule)

    def _allowed(
        self, command: SearchCommand, case: Case, exhibit: Exhibit, known: Sequence[Gallery], *, actor: Actor
    ) -> tuple[Gallery, ...]:
        """Apply the rules; refuse, on the record, where one says no."""
        today = self.today()
        refused = policy.list_size(command.limit)
        if refused is None and case.state is not CaseState.OPEN:
            refused = policy.Refused("O1", f"Case {case.ref} is closed.", "Search in an open case.")
        if refused is None and command.galleries:
            verdicts = (policy.entitlement(case, gallery, today=today) for gallery in known)
            refused = next((verdict for verdict in verdicts if verdict), None)
        allowed = policy.entitled(case, known, today=today)
        if refused is None and not allowed:
            refused = policy.Refused(
                "O3",
                f"No gallery may be searched for {case.purpose} in case {case.ref}."
                if known
                else "There is no gallery to search.",
                "Register a gallery with that purpose, or open the case for a purpose that a gallery is held for.",
            )
        if refused:
            self.journal.refuse(
                self.database,
                refused,
                act="search",
                actor=actor,
                facts={"case": case.id, "exhibit": exhibit.id, "galleries": list(command.galleries)},
            )
        usable = tuple(g for g in allowed if g.fingerprint in (None, self.pack.fingerprint))
        foreign = [gallery.name for gallery in allowed if gallery not in usable]
        if foreign:
            raise IncomparableTemplates(
                f"Enrolled with another model pack: {', '.join(foreign)}.",
                remedy="Name the galleries of the pack in use with --gallery, or set LOOKALIKE_PACK.",
                galleries=foreign,
            )
        return usable

    def _record(self, reading: Reading, asked: "_Asked", answer: CertifiedList, *, actor: Actor) -> SearchRecord:
        searched = tuple(
            SearchedGallery(
                g.id, g.name, reading.galleries.version_at(g.id, asked.settings.as_of), asked.counts.get(g.id, 0)
            )
            for g in asked.galleries
        )
        compared = answer.certificate.compared
        if compared != sum(gallery.compared for gallery in searched):
            raise IntegrityError("The scan did not compare every reference of the galleries searched.")
        calibration, threshold = self.pack.calibration, None
        if calibration and compared:
            threshold = calibration.threshold(target_fpir=asked.settings.target_fpir, gallery_size=compared)
        shown = reading.references.faces([ranked.face for ranked in answer.faces])
        foreign = {shown[ranked.face].reference.gallery for ranked in answer.faces} - {g.id for g in asked.galleries}
        if foreign:
            raise IntegrityError(
                "The index listed a reference of a gallery that was not searched.", remedy="Run: lookalike audit verify"
            )
        candidates = tuple(
            Candidate(
                rank=rank,
                face=ranked.face,
                reference=shown[ranked.face].reference.id,
                external_id=shown[ranked.face].reference.external_id,
                gallery=shown[ranked.face].reference.gallery_name,
                score=ranked.score,
                expected_strangers=calibration.expected_strangers(ranked.score, gallery_size=compared)
                if calibration
                else None,
                above_operating_point=ranked.score >= threshold.value if threshold else None,
                provenance=shown[ranked.face].reference.provenance,
                original=shown[ranked.face].reference.original,
            )
            for rank, ranked in enumerate(answer.faces, 1)
        )
        return SearchRecord(
            id=SearchId(self.new_id()),
            case=asked.case.id,
            case_ref=asked.case.ref,
            exhibit=asked.exhibit.id,
            exhibit_label=asked.exhibit.label,
            made_at=self.journal.now(),
            made_by=actor,
            receipt=Receipt(
                probe=asked.exhibit.original,
                face_number=asked.face,
                fingerprint=self.pack.fingerprint,
                galleries=searched,
                settings=asked.settings,
                list_digest=list_digest([(candidate.face, candidate.score) for candidate in candidates]),
            ),
            threshold=threshold,
            outcome=_outcome(calibration, candidates),
            certificate=answer.certificate,
            candidates=candidates,
            seq=next_seq(reading),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was searched, once policy allowed it."""

    case: Case
    exhibit: Exhibit
    face: int
    settings: SearchSettings
    galleries: tuple[Gallery, ...]
    counts: Mapping[GalleryId, int]


def probe_template(analyst: Analyst, pictures: Pictures, exhibit: Exhibit, number: int) -> Template:
    """Return the template of one face of an exhibit, from its original bytes; it is used and not kept (O5).

    Raises:
        NotFound: There is no such face.
        NoFaceFound: The face was found but could not be acquired.
        Conflict: Another face stands there now: the exhibit was added with another model pack.
    """
    data = pictures.original(exhibit.original)
    picture = analyst.probe(data, name=exhibit.file_name, thorough=exhibit.thorough)
    face, chosen = picture.face(number), exhibit.faces[number - 1]
    if face.face.box.overlap(chosen.face.box) < SAME_FACE_OVERLAP:
        raise Conflict(
            f"Face {number} of exhibit {exhibit.label} is not where it was when the exhibit was added.",
            kept="Nothing was searched.",
            remedy="The exhibit was added with another model pack; add it to a new case with the one in use.",
            was=chosen.face.box.as_list(),
            found=face.face.box.as_list(),
        )
    if face.template is None:
        raise NoFaceFound(
            f"Face {number} of exhibit {exhibit.label} was found but could not be acquired: {face.why_not}.",
            remedy="Use a larger or sharper original of this picture.",
            reason=str(face.why_not),
        )
    return face.template


def list_digest(ranked: Sequence[tuple[FaceId, float]]) -> Digest:
    """Return the digest of a candidate list: SHA-256 over its canonical JSON, faces and scores in rank order.

    Example:
        >>> list_digest([(FaceId(7), 0.5)])[:12]
        '3218e4436c29'
    """
    return Digest(hashlib.sha256(rfc8785.dumps([[face, score] for face, score in ranked])).hexdigest())


def _chosen(exhibit: Exhibit, number: int | None) -> int:
    if not exhibit.faces:
        raise NoFaceFound(
            f"No face was found in exhibit {exhibit.label}.",
            remedy="Add a larger original of this picture, or add it with --thorough to a new case.",
        )
    if number is not None:
        if not 1 <= number <= len(exhibit.faces):
            raise NotFound(
                f"Exhibit {exhibit.label} has no face {number}: {len(exhibit.faces)} found.",
                remedy=f"Choose --face 1 to {len(exhibit.faces)}.",
                faces=len(exhibit.faces),
            )
        return number
    if len(exhibit.faces) > 1:
        raise NoFaceChosen(
            f"Exhibit {exhibit.label} shows {len(exhibit.faces)} faces, and none was chosen.",
            kept="Nothing was searched.",
            remedy=f"Choose one with --face 1 to {len(exhibit.faces)}; `lookalike exhibit show` draws them.",
            faces=len(exhibit.faces),
        )
    return 1


def _past(as_of: int, latest: Seq) -> Seq:
    if not 0 <= as_of <= latest:
        raise InvalidInput(
            f"The log holds positions 0 to {latest}, not {as_of}.", remedy="Choose --as-of within the log."
        )
    return Seq(as_of)


def _removed_meanwhile(reading: Reading, answer: CertifiedList) -> bool:
    shown = reading.references.faces([ranked.face for ranked in answer.faces])
    return any(
        ranked.face not in shown or shown[ranked.face].reference.removed_seq is not None for ranked in answer.faces
    )


def _outcome(calibration: Calibration | None, candidates: tuple[Candidate, ...]) -> Outcome:
    if not candidates:  # the galleries held no face at that position: no answer about anybody
        return Outcome.NOTHING_COMPARED
    if any(candidate.above_operating_point for candidate in candidates):
        return Outcome.WORTH_REVIEW
    return Outcome.UNCALIBRATED if calibration is None else Outcome.NONE_WORTH_REVIEW


def _entry_facts(record: SearchRecord) -> dict[str, JsonValue]:
    receipt = record.receipt
    return {
        "search": record.id,
        "case": record.case,
        "exhibit": record.exhibit,
        "probe": receipt.probe,
        "face": receipt.face_number,
        "fingerprint": receipt.fingerprint,
        "galleries": [{"gallery": g.id, "version": g.version, "compared": g.compared} for g in receipt.galleries],
        "settings": {
            "limit": receipt.settings.limit,
            "target_fpir": receipt.settings.target_fpir,
            "as_of": receipt.settings.as_of,
            "thorough": receipt.settings.thorough,
        },
        "compared": record.certificate.compared,
        "candidates": len(record.candidates),
        "outcome": record.outcome.value,
        "list": receipt.list_digest,
        "digest": fact_digest(record),
    }
