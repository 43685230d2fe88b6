"""Checks: does the log re-derive, do the rows say what the log says, are the pictures what they were."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from lookalike.audit import EMPTY_HEAD, Entry, JsonValue, LogReport, appended, root, verify_entries
from lookalike.domain.errors import AuditLogBroken, IntegrityError, InvalidInput, NotFound
from lookalike.domain.galleries import GalleryState
from lookalike.domain.identifiers import Actor, CaseId, ExhibitId, Fingerprint, GalleryId, ReferenceId, SearchId
from lookalike.domain.log import EntryKind
from lookalike.services.fact_digests import fact_digest, reference_digest, registration_digest
from lookalike.services.journal import Journal
from lookalike.services.searching import list_digest
from lookalike.store import BlobStore, Database, Reading

Facts = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        kind: ``database`` (its file is damaged), ``kept picture`` (its file is missing or altered), ``orphan file`` (no
            row names it) or ``temporary files`` (a crash left them, and they are gone now).
        subject: What it concerns: a digest or a file name.
        detail: One sentence.
        is_harmless: True for what a crash may leave and what costs only space.
    """

    kind: str
    subject: str
    detail: str
    is_harmless: bool


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What `CheckService.store` looked at and found."""

    pictures: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing worse than leftovers was found."""
        return all(finding.is_harmless for finding in self.findings)


@dataclass(frozen=True, slots=True)
class KeptRoot:
    """A log's size and root as `lookalike audit verify` printed them, noted off this machine.

    Raises:
        InvalidInput: Not written as ``SIZE:ROOT``.

    Example:
        >>> KeptRoot.parse("2:" + "ab" * 32).size
        2
    """

    size: int
    root: str

    @classmethod
    def parse(cls, text: str) -> "KeptRoot":
        """Read ``SIZE:ROOT``, the root in 64 hexadecimal digits."""
        found = re.fullmatch(r"(\d{1,15}):([0-9a-fA-F]{64})", text.strip())
        if found is None:
            raise InvalidInput(
                f"{text!r} is not a kept root.", remedy="Give SIZE:ROOT as `lookalike audit verify` printed them."
            )
        return cls(int(found[1]), found[2].lower())


@dataclass(frozen=True, slots=True)
class CheckService:
    """Verifies the log against itself and against the rows, and the pictures against their digests."""

    database: Database
    journal: Journal
    blobs: BlobStore

    def log(self, *, kept: KeptRoot | None = None, progress: Callable[[int], None] = lambda _: None) -> LogReport:
        """Re-derive the whole log, and hold every row that an entry names against that entry.

        Args:
            kept: Size and root that somebody noted earlier, elsewhere: the log must still begin with that tree.
            progress: Called now and then with the position reached.

        Raises:
            AuditLogBroken: With the first position that does not re-derive, or whose fact differs from its row.
        """
        with self.database.read() as reading:
            report = verify_entries(reading.log.entries(), reading.log.head())
            if kept is not None:
                _check_kept(reading, kept)
            counted = _Counted()
            for stored in reading.log.entries():
                _hold(reading, Entry.parse(stored.data), counted)
                if stored.seq % 1000 == 0:
                    progress(stored.seq)
            _check_totals(reading, counted)
        return report

    def store(self, *, actor: Actor, progress: Callable[[int, int], None] = lambda _a, _b: None) -> StoreReport:
        """Check the database file and open every kept picture; list files that no row names.

        Files that a crash left half-written are removed: nothing was ever acknowledged of them.
        """
        findings = [Finding("database", "file", fault, is_harmless=False) for fault in self.database.damage()]
        cleared = self.blobs.clear_temporary()
        if cleared:
            findings.append(Finding("temporary files", f"{cleared}", "Left by a crash; removed.", is_harmless=True))
        with self.database.read() as reading:
            rows = tuple(reading.blobs.list())
        for done, row in enumerate(rows, 1):
            try:
                self.blobs.check(row)
            except (NotFound, IntegrityError) as error:
                findings.append(Finding("kept picture", row.sha256, error.happened, is_harmless=False))
            progress(done, len(rows))
        named = {row.stored_name for row in rows}
        findings.extend(
            Finding(
                "orphan file", name, "No row names this file; a crash before a commit leaves such.", is_harmless=True
            )
            for name in self.blobs.stored_names()
            if name not in named
        )
        report = StoreReport(len(rows), tuple(findings))
        with self.database.begin() as unit:
            self.journal.write(
                unit,
                EntryKind.STORE_CHECKED,
                actor,
                {"pictures": len(rows), "findings": [[f.kind, f.subject] for f in findings]},
            )
        return report


def _check_kept(reading: Reading, kept: KeptRoot) -> None:
    head = EMPTY_HEAD
    for stored in reading.log.entries(0, kept.size):
        head = appended(head, stored.leaf)
    if (head.size, root(head).hex()) != (kept.size, kept.root):
        raise AuditLogBroken(
            f"The log does not begin with the {kept.size:,} entries whose root was kept: it was cut or rewritten.",
            kept="Nothing was changed by this check.",
            remedy="Keep this database for examination; what was kept elsewhere is the older witness.",
            size=kept.size,
        )


@dataclass(slots=True)
class _Counted:
    """What the log tells of, to be held against how many rows there are."""

    rows: Counter[str] = field(default_factory=Counter)
    versions: dict[int, int] = field(default_factory=dict)
    packs: dict[int, str] = field(default_factory=dict)


def _broken(entry: Entry, what: str) -> AuditLogBroken:
    return AuditLogBroken(
        f"Entry {entry.seq} ({entry.kind}) and the database differ: {what}.",
        kept="Nothing was changed by this check.",
        remedy="Restore the database from a backup, and keep this one for examination.",
        seq=entry.seq,
    )


def _hold(reading: Reading, entry: Entry, counted: _Counted) -> None:
    """Hold every row that an entry tells of against the entry."""
    check = _CHECKS.get(entry.kind)
    if check is None:
        return
    try:
        check(reading, entry, counted)
    except (NotFound, IntegrityError, InvalidInput, ValueError, TypeError, KeyError) as error:
        if isinstance(error, AuditLogBroken):
            raise
        # An edited cell may hold what no row of ours can: a word outside its closed set, a vector that is none.
        raise _broken(entry, f"a row cannot be read: {error}") from error


def _check_actor(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["actors"] += 1
    if not reading.actors.exists(Actor(cast("str", entry.facts["added"]))):
        raise _broken(entry, f"{entry.facts['added']} is no actor")


def _check_pack(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["packs"] += 1
    pack = reading.packs.get(Fingerprint(cast("str", entry.facts["fingerprint"])))
    if fact_digest(pack) != entry.facts["digest"]:
        raise _broken(entry, f"model pack {pack.id} is not what was accepted")


def _check_enrolment(reading: Reading, entry: Entry, counted: _Counted) -> None:
    added = cast("Sequence[Facts]", entry.facts["added"])
    if added:
        counted.versions[cast("int", entry.facts["gallery"])] = entry.seq
        counted.packs[cast("int", entry.facts["gallery"])] = cast("str", entry.facts["fingerprint"])
    for one in added:
        counted.rows["references"] += 1
        reference = reading.references.get(ReferenceId(cast("int", one["reference"])))
        if reference.added_seq != entry.seq:
            raise _broken(entry, f"reference {reference.id} stands at another position")
        if reference_digest(*reading.references.as_enrolled(reference.id)) != one["digest"]:
            raise _broken(entry, f"reference {reference.id} is not what was enrolled")
        if not reading.blobs.exists(reference.original):
            raise _broken(entry, f"the original of reference {reference.id} has no row any more")


def _check_removal(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.versions[cast("int", entry.facts["gallery"])] = entry.seq
    for identifier in cast("Sequence[int]", entry.facts["references"]):
        counted.rows["removed references"] += 1
        if reading.references.get(ReferenceId(identifier)).removed_seq != entry.seq:
            raise _broken(entry, f"reference {identifier} is not removed at this position")


def _check_gallery(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["galleries"] += 1
    gallery = reading.galleries.get(GalleryId(cast("int", entry.facts["gallery"])))
    counted.versions[gallery.id] = entry.seq
    # No kind of entry closes a gallery yet, so one that is closed was closed by other means.
    if registration_digest(gallery) != entry.facts["digest"] or gallery.state is not GalleryState.OPEN:
        raise _broken(entry, f"gallery {gallery.name} is not what was registered")


def _check_case(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["cases"] += 1
    case = reading.cases.get(CaseId(cast("str", entry.facts["case"])))
    if fact_digest(case) != entry.facts["digest"] or case.opened_seq != entry.seq:
        raise _broken(entry, f"case {case.ref} is not what was opened")


def _check_exhibit(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["exhibits"] += 1
    exhibit = reading.exhibits.get(ExhibitId(cast("str", entry.facts["exhibit"])))
    if fact_digest(exhibit) != entry.facts["digest"] or exhibit.added_seq != entry.seq:
        raise _broken(entry, f"exhibit {exhibit.label} is not what was added")
    if not reading.blobs.exists(exhibit.original):
        raise _broken(entry, f"the original of exhibit {exhibit.label} has no row any more")


def _check_search(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.rows["searches"] += 1
    record = reading.searches.get(SearchId(cast("str", entry.facts["search"])))
    derived = list_digest([(candidate.face, candidate.score) for candidate in record.candidates])
    if not derived == record.receipt.list_digest == entry.facts["list"]:
        raise _broken(entry, f"the candidate list of search {record.id} was changed")
    if fact_digest(record) != entry.facts["digest"] or record.seq != entry.seq:
        raise _broken(entry, f"search {record.id} is not what was recorded")


_CHECKS: Mapping[EntryKind, Callable[[Reading, Entry, _Counted], None]] = MappingProxyType(
    {
        EntryKind.ACTOR_ADDED: _check_actor,
        EntryKind.MODEL_ADDED: _check_pack,
        EntryKind.ENROLMENT_COMMITTED: _check_enrolment,
        EntryKind.REFERENCE_REMOVED: _check_removal,
        EntryKind.GALLERY_REGISTERED: _check_gallery,
        EntryKind.CASE_OPENED: _check_case,
        EntryKind.EXHIBIT_ADDED: _check_exhibit,
        EntryKind.SEARCH_PERFORMED: _check_search,
    }
)


def _check_totals(reading: Reading, counted: _Counted) -> None:
    """A row that no entry tells of was smuggled in; a version that no entry made was set by other means."""
    differing = [
        f"the database holds {held} {what}, and the log tells of {counted.rows[what]}"
        for what, held in reading.totals().items()
        if held != counted.rows[what]
    ]
    differing += [
        f"gallery {gallery.name} claims version {gallery.version}, and the log says {counted.versions[gallery.id]}"
        for gallery in reading.galleries.list()
        if counted.versions[gallery.id] != gallery.version
    ]
    differing += [
        f"gallery {gallery.name} claims another model pack than it was enrolled with"
        for gallery in reading.galleries.list()
        if gallery.fingerprint != counted.packs.get(gallery.id)
    ]
    if differing:
        raise AuditLogBroken(
            f"{differing[0][0].upper()}{differing[0][1:]}.",
            kept="Nothing was changed by this check.",
            remedy="Restore the database from a backup, and keep this one for examination.",
            differing=differing,
        )
