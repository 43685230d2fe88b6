"""Checks: does the log re-derive, do the rows say what the log says, are the pictures what they were."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from lookalike.audit import EMPTY_HEAD, Entry, JsonValue, LogReport, appended, root, verify_entries
from lookalike.domain.cases import CaseState
from lookalike.domain.errors import AuditLogBroken, IntegrityError, InvalidInput, NotFound
from lookalike.domain.identifiers import Actor, CaseId, ExhibitId, ReferenceId, SearchId
from lookalike.domain.log import EntryKind
from lookalike.services.fact_digests import fact_digest
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
                entry = Entry.parse(stored.data)
                try:
                    _check_fact(reading, entry, counted)
                except NotFound as error:
                    raise AuditLogBroken(
                        f"Entry {entry.seq} ({entry.kind}) tells of something that is not there: {error.happened}",
                        kept="Nothing was changed by this check.",
                        remedy="Restore the database from a backup, and keep this one for examination.",
                        seq=entry.seq,
                    ) from error
                if entry.seq % 1000 == 0:
                    progress(entry.seq)
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

    references: int = 0
    removed: int = 0
    galleries: int = 0
    cases: int = 0
    exhibits: int = 0
    searches: int = 0


def _broken(entry: Entry, what: str) -> AuditLogBroken:
    return AuditLogBroken(
        f"Entry {entry.seq} ({entry.kind}) and the database differ: {what}.",
        kept="Nothing was changed by this check.",
        remedy="Restore the database from a backup, and keep this one for examination.",
        seq=entry.seq,
    )


def _check_fact(reading: Reading, entry: Entry, counted: _Counted) -> None:
    check = _CHECKS.get(entry.kind)
    if check is not None:
        check(reading, entry, counted)


def _check_enrolment(reading: Reading, entry: Entry, counted: _Counted) -> None:
    for one in cast("Sequence[Facts]", entry.facts["added"]):
        counted.references += 1
        reference = reading.references.get(ReferenceId(cast("int", one["reference"])))
        if reference.added_seq != entry.seq:
            raise _broken(entry, f"reference {reference.id} stands at another position")
        if fact_digest(reading.references.as_enrolled(reference.id)) != one["digest"]:
            raise _broken(entry, f"reference {reference.id} is not what was enrolled")


def _check_removal(reading: Reading, entry: Entry, counted: _Counted) -> None:
    for identifier in cast("Sequence[int]", entry.facts["references"]):
        counted.removed += 1
        if reading.references.get(ReferenceId(identifier)).removed_seq != entry.seq:
            raise _broken(entry, f"reference {identifier} is not removed at this position")


def _check_gallery(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.galleries += 1
    facts = entry.facts
    gallery = reading.galleries.by_name(cast("str", facts["name"]))
    declared = gallery.declared
    until = declared.retain_until.isoformat() if declared.retain_until else None
    said = (facts["owner"], facts["legal_basis"], facts["subject_category"], facts["retain_until"])
    if said != (declared.owner, declared.legal_basis, declared.subject_category.value, until):
        raise _broken(entry, f"gallery {gallery.name} is declared otherwise")
    if list(cast("Sequence[str]", facts["purposes"])) != [purpose.value for purpose in declared.purposes]:
        raise _broken(entry, f"gallery {gallery.name} is declared for other purposes")


def _check_case(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.cases += 1
    case = reading.cases.get(CaseId(cast("str", entry.facts["case"])))
    if fact_digest(replace(case, state=CaseState.OPEN)) != entry.facts["digest"] or case.opened_seq != entry.seq:
        raise _broken(entry, f"case {case.ref} is not what was opened")


def _check_exhibit(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.exhibits += 1
    exhibit = reading.exhibits.get(ExhibitId(cast("str", entry.facts["exhibit"])))
    if fact_digest(exhibit) != entry.facts["digest"] or exhibit.added_seq != entry.seq:
        raise _broken(entry, f"exhibit {exhibit.label} is not what was added")


def _check_search(reading: Reading, entry: Entry, counted: _Counted) -> None:
    counted.searches += 1
    record = reading.searches.get(SearchId(cast("str", entry.facts["search"])))
    derived = list_digest([(candidate.face, candidate.score) for candidate in record.candidates])
    if not derived == record.receipt.list_digest == entry.facts["list"]:
        raise _broken(entry, f"the candidate list of search {record.id} was changed")
    if fact_digest(record) != entry.facts["digest"] or record.seq != entry.seq:
        raise _broken(entry, f"search {record.id} is not what was recorded")


_CHECKS: Mapping[EntryKind, Callable[[Reading, Entry, _Counted], None]] = MappingProxyType(
    {
        EntryKind.ENROLMENT_COMMITTED: _check_enrolment,
        EntryKind.REFERENCE_REMOVED: _check_removal,
        EntryKind.GALLERY_REGISTERED: _check_gallery,
        EntryKind.CASE_OPENED: _check_case,
        EntryKind.EXHIBIT_ADDED: _check_exhibit,
        EntryKind.SEARCH_PERFORMED: _check_search,
    }
)


def _check_totals(reading: Reading, counted: _Counted) -> None:
    """A row that no entry tells of was smuggled in."""
    totals = reading.totals()
    for what, told in (
        ("references", counted.references),
        ("removed references", counted.removed),
        ("galleries", counted.galleries),
        ("cases", counted.cases),
        ("exhibits", counted.exhibits),
        ("searches", counted.searches),
    ):
        if totals[what] != told:
            raise AuditLogBroken(
                f"The database holds {totals[what]} {what}, and the log tells of {told}.",
                kept="Nothing was changed by this check.",
                remedy="Restore the database from a backup, and keep this one for examination.",
                table=what,
            )
