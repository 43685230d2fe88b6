"""Enrolment: pictures in, references out, each item accounted for, in batches that commit whole.

A crash leaves at most pictures in the blob folder that no row names; `lookalike fsck` lists them. Enrolling the same
source again changes nothing: a picture that is enrolled under the same external id is left alone.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from lookalike.domain import policy
from lookalike.domain.errors import (
    Conflict,
    IncomparableTemplates,
    InvalidInput,
    NotFound,
    Unavailable,
    UnreadableMedia,
)
from lookalike.domain.galleries import Gallery, GalleryState
from lookalike.domain.identifiers import Actor, Digest, Fingerprint, ReferenceId, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.references import NewReference
from lookalike.services.analysis import AnalysedPicture, Analyst, digest_of, why_unreadable
from lookalike.services.fact_digests import reference_digest
from lookalike.services.journal import Journal, next_seq
from lookalike.services.pictures import Pictures
from lookalike.sources import BadItem, SourceItem, read_bytes
from lookalike.store import Database, StoredBlob, Unit


class ItemState(StrEnum):
    """What became of one item of a source."""

    ENROLLED = "enrolled"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ItemReport:
    """What became of one item, for people and programs.

    Attributes:
        key: The item's name in its source.
        reason: Why it was refused, or empty.
        faces: Faces found in it.
        acquired: Faces of it that are searchable now.
    """

    key: str
    external_id: str
    state: ItemState
    reason: str = ""
    faces: int = 0
    acquired: int = 0


@dataclass(slots=True)
class EnrolmentReport:
    """What became of a source: each item is enrolled, unchanged or refused with its reason.

    Attributes:
        version: The gallery's version afterwards.
        several: Enrolled pictures with more than one searchable face; each face carries the picture's external id.
        was_stopped: The work was interrupted; what is counted here is kept, and running it again goes on.
    """

    gallery: str
    version: Seq
    enrolled: int = 0
    unchanged: int = 0
    faces: int = 0
    several: int = 0
    refused: list[ItemReport] = field(default_factory=list)
    was_stopped: bool = False

    @property
    def done(self) -> int:
        """Items accounted for."""
        return self.enrolled + self.unchanged + len(self.refused)

    @property
    def reasons(self) -> dict[str, int]:
        """How many items were refused, by reason."""
        return dict(Counter(item.reason for item in self.refused).most_common())

    def count(self, item: ItemReport) -> None:
        """Take one item into account."""
        match item.state:
            case ItemState.ENROLLED:
                self.enrolled += 1
                self.faces += item.acquired
                self.several += item.acquired > 1
            case ItemState.UNCHANGED:
                self.unchanged += 1
            case ItemState.REFUSED:
                self.refused.append(item)


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """An item whose picture was analysed and whose original is on disk."""

    item: SourceItem
    picture: AnalysedPicture
    blob: StoredBlob | None


@dataclass(frozen=True, slots=True)
class _Settled:
    """An item that needs no row: unchanged or refused; *original* where its bytes could be read."""

    report: ItemReport
    original: Digest | None


_Outcome = _Ready | _Settled


@dataclass(frozen=True, slots=True)
class EnrolmentService:
    """Enrols sources into a gallery.

    Attributes:
        workers: Pictures analysed at once.
        batch: Pictures committed together.
        picture_bytes: Largest file opened.
    """

    database: Database
    journal: Journal
    analyst: Analyst
    pictures: Pictures
    fingerprint: Fingerprint
    workers: int
    batch: int
    picture_bytes: int

    def run(
        self,
        gallery_name: str,
        items: Iterable[SourceItem | BadItem],
        *,
        actor: Actor,
        today: date,
        progress: Callable[[ItemReport], None] = lambda _: None,
    ) -> EnrolmentReport:
        """Enrol every item that can be; account for every one that cannot.

        Args:
            gallery_name: A registered gallery.
            items: What a source yields.
            actor: Who enrols.
            today: The date that retention is held against.
            progress: Called once an item is durable (or settled), in the source's order.

        Raises:
            NotFound: There is no such gallery.
            PolicyRefusal: The gallery is closed or expired (O3); the refusal is recorded.
            IncomparableTemplates: The gallery was enrolled with another model pack.
            StorageFull: The disk is full; every batch acknowledged before is kept.
        """
        gallery = self._entitled(gallery_name, actor=actor, today=today)
        report = EnrolmentReport(gallery.name, gallery.version)
        waiting: list[_Outcome] = []
        outcomes = self._outcomes(gallery, items)
        try:
            for outcome in outcomes:
                waiting.append(outcome)
                if len(waiting) >= self.batch:
                    # Taken out first: an interruption after the commit must not write the batch again.
                    ready, waiting = waiting, []
                    self._commit(gallery, ready, report, actor=actor, progress=progress)
        except KeyboardInterrupt:
            report.was_stopped = True
        finally:
            outcomes.close()
        self._commit(gallery, waiting, report, actor=actor, progress=progress)
        return report

    def _entitled(self, name: str, *, actor: Actor, today: date) -> Gallery:
        with self.database.read() as reading:
            gallery = reading.galleries.by_name(name)
        refused = policy.enrolment(gallery, today=today)
        if refused:
            self.journal.refuse(self.database, refused, act="enrol", actor=actor, facts={"gallery": gallery.id})
        if gallery.fingerprint not in (None, self.fingerprint):
            raise IncomparableTemplates(
                f"Gallery {gallery.name} was enrolled with another model pack.",
                remedy="Use that pack (LOOKALIKE_PACK), or enrol into a new gallery.",
                gallery_pack=gallery.fingerprint,
                pack_in_use=self.fingerprint,
            )
        return gallery

    def _outcomes(self, gallery: Gallery, items: Iterable[SourceItem | BadItem]) -> Generator[_Outcome]:
        """Analyse items on several threads; yield in the source's order, with a bounded number in flight."""
        window: deque[Future[_Outcome]] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="enrol") as pool:
            try:
                for item in items:
                    window.append(pool.submit(self._analyse, gallery, item))
                    if len(window) >= 2 * self.workers:
                        yield window.popleft().result()
                while window:
                    yield window.popleft().result()
            finally:
                for future in window:
                    future.cancel()

    def _analyse(self, gallery: Gallery, item: SourceItem | BadItem) -> _Outcome:
        if isinstance(item, BadItem):
            return _Settled(ItemReport(item.key, "", ItemState.REFUSED, item.reason), None)
        try:
            data = read_bytes(item.path, self.picture_bytes)
        except (InvalidInput, NotFound, Unavailable) as error:
            return _Settled(_refused(item, error.happened), None)
        digest = digest_of(data)
        with self.database.read() as reading:
            if reading.references.find(gallery.id, item.external_id, digest) is not None:
                return _Settled(ItemReport(item.key, item.external_id, ItemState.UNCHANGED), digest)
        try:
            picture = self.analyst.reference(data, name=item.path.name)
        except UnreadableMedia as error:
            return _Settled(_refused(item, why_unreadable(error)), digest)
        if not picture.faces:
            return _Settled(_refused(item, "no face found"), digest)
        if not picture.acquired:
            reasons = sorted({str(face.why_not) for face in picture.faces})
            return _Settled(_refused(item, ", ".join(reasons), faces=len(picture.faces)), digest)
        return _Ready(item, picture, self.pictures.keep(data, digest))

    def _commit(
        self,
        gallery: Gallery,
        outcomes: list[_Outcome],
        report: EnrolmentReport,
        *,
        actor: Actor,
        progress: Callable[[ItemReport], None],
    ) -> None:
        """Write one batch: rows and the entry that tells of them, in one transaction."""
        if not outcomes:
            return
        settled: list[ItemReport] = []
        added: list[dict[str, int | str]] = []
        refused: list[dict[str, str | None]] = []
        with self.database.begin() as unit:
            if unit.galleries.get(gallery.id).state is not GalleryState.OPEN:
                raise Conflict(
                    f"Gallery {gallery.name} was closed meanwhile.", kept="What was reported as enrolled is kept."
                )
            seq = next_seq(unit)
            for outcome in outcomes:
                item_report, original = self._write(unit, gallery, outcome, seq=seq, added=added)
                settled.append(item_report)
                if item_report.state is ItemState.REFUSED:
                    refused.append({"original": original, "reason": item_report.reason})
            if added or refused:
                self.journal.write(
                    unit,
                    EntryKind.ENROLMENT_COMMITTED,
                    actor,
                    {
                        "gallery": gallery.id,
                        "fingerprint": self.fingerprint,
                        "added": [dict(one) for one in added],
                        "refused": [dict(one) for one in refused],
                    },
                )
        if added:
            report.version = seq
        for item_report in settled:
            report.count(item_report)
            progress(item_report)

    def _write(
        self, unit: Unit, gallery: Gallery, outcome: _Outcome, *, seq: Seq, added: list[dict[str, int | str]]
    ) -> tuple[ItemReport, Digest | None]:
        if isinstance(outcome, _Settled):
            return outcome.report, outcome.original
        item, picture = outcome.item, outcome.picture
        self.pictures.record(unit, outcome.blob)
        if unit.exhibits.by_original(picture.digest):
            refusal = _refused(item, "is an exhibit of a case; a probe is never enrolled (rule O5)")
            return refusal, picture.digest
        if unit.references.find(gallery.id, item.external_id, picture.digest) is not None:
            # Somebody else enrolled it since it was read: another process, or the same picture twice in this source.
            return ItemReport(item.key, item.external_id, ItemState.UNCHANGED), picture.digest
        reference = NewReference(
            gallery=gallery.id,
            external_id=item.external_id,
            provenance=item.provenance,
            original=picture.digest,
            origin=picture.origin,
            analysed_size=picture.analysed_size,
            faces=picture.faces,
        )
        identifier: ReferenceId
        identifier, face_ids = unit.references.add(reference, seq=seq)
        acquired = len(picture.acquired)
        added.append(
            {
                "reference": identifier,
                "original": picture.digest,
                "faces": acquired,
                "digest": reference_digest(reference, face_ids),
            }
        )
        return (
            ItemReport(item.key, item.external_id, ItemState.ENROLLED, faces=len(picture.faces), acquired=acquired),
            picture.digest,
        )


def _refused(item: SourceItem, reason: str, *, faces: int = 0) -> ItemReport:
    return ItemReport(item.key, item.external_id, ItemState.REFUSED, reason, faces=faces)
