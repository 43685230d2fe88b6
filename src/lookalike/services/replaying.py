"""Replay: a recorded search made again from its receipt, and what changed since."""

from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.candidates import CertifiedList
from lookalike.domain.cases import Exhibit
from lookalike.domain.errors import Unavailable
from lookalike.domain.identifiers import Actor, SearchId, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.packs import PackInfo
from lookalike.domain.searches import SearchRecord
from lookalike.services.analysis import Analyst
from lookalike.services.journal import Journal
from lookalike.services.live_index import LiveIndex
from lookalike.services.pictures import Pictures
from lookalike.services.searching import probe_template
from lookalike.store import Database

SCORE_TOLERANCE = 1e-4
"""Largest difference of a comparison score between two machines that run the same pack (docs/measurements)."""


class Verdict(StrEnum):
    """What a replay found."""

    IDENTICAL = "identical"
    SAME_LIST = "same list, scores within tolerance"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A search made again from its receipt.

    Attributes:
        changes: What changed, one sentence each; empty for an identical replay.
        largest_difference: Largest difference of a score among the candidates in both lists.
    """

    search: SearchId
    verdict: Verdict
    changes: tuple[str, ...]
    largest_difference: float
    compared: int
    seq: Seq


@dataclass(frozen=True, slots=True)
class ReplayService:
    """Replays searches."""

    database: Database
    journal: Journal
    analyst: Analyst
    pictures: Pictures
    index: LiveIndex
    pack: PackInfo

    def run(self, identifier: str, *, actor: Actor) -> ReplayReport:
        """Make a recorded search again, from the exhibit's original bytes, as of the position it was made at.

        Raises:
            NotFound: There is no such search.
            Unavailable: The model pack that made it is not the one in use.
        """
        with self.database.read() as reading:
            record = reading.searches.get(SearchId(identifier))
            exhibit = reading.exhibits.get(record.exhibit)
        receipt = record.receipt
        if receipt.fingerprint != self.pack.fingerprint:
            raise Unavailable(
                "This search was made with another model pack than the one in use.",
                remedy="Set LOOKALIKE_PACK to the pack that made it, then replay again.",
                search_pack=receipt.fingerprint,
                pack_in_use=self.pack.fingerprint,
            )
        probe = probe_template(self.analyst, self.pictures, exhibit, receipt.face_number)
        index, _ = self.index.current()
        (answer,) = index.search(
            [probe],
            galleries=frozenset(gallery.id for gallery in receipt.galleries),
            limit=receipt.settings.limit,
            as_of=receipt.settings.as_of,
        )
        changes, largest = _compare(record, exhibit, answer)
        verdict = Verdict.DIFFERS if changes else Verdict.SAME_LIST if largest > 0 else Verdict.IDENTICAL
        with self.database.begin() as unit:
            seq = self.journal.write(
                unit,
                EntryKind.SEARCH_REPLAYED,
                actor,
                {"search": record.id, "verdict": verdict.value, "changes": list(changes)},
            )
        return ReplayReport(record.id, verdict, changes, largest, answer.certificate.compared, seq)


def _compare(record: SearchRecord, exhibit: Exhibit, answer: CertifiedList) -> tuple[tuple[str, ...], float]:
    """Say what differs between a record and its replay, and by how much the scores do."""
    changes: list[str] = []
    if exhibit.original != record.receipt.probe:
        changes.append("The exhibit's original is no longer the picture that was searched.")
    before = {candidate.face: candidate for candidate in record.candidates}
    now = {ranked.face: ranked.score for ranked in answer.faces}
    if answer.certificate.compared != record.certificate.compared:
        changes.append(
            f"{answer.certificate.compared:,} references were compared; the search compared "
            f"{record.certificate.compared:,}."
        )
    gone = [candidate.external_id for face, candidate in before.items() if face not in now]
    if gone:
        changes.append(f"No longer in the list: {', '.join(gone)}.")
    fresh = [face for face in now if face not in before]
    if fresh:
        changes.append(f"New in the list: {len(fresh)} faces ({', '.join(str(face) for face in fresh)}).")
    differences = [abs(now[face] - before[face].score) for face in before if face in now]
    largest = max(differences, default=0.0)
    if largest > SCORE_TOLERANCE:
        changes.append(f"Scores differ by up to {largest:.6f}, more than {SCORE_TOLERANCE}.")
    same_order = [ranked.face for ranked in answer.faces] == [candidate.face for candidate in record.candidates]
    if not changes and not same_order:
        changes.append("The same candidates stand in another order.")
    return tuple(changes), largest
