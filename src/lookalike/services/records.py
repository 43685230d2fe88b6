"""Searches as they were recorded; looking at one is recorded too."""

from dataclasses import dataclass

from lookalike.domain.identifiers import Actor, SearchId
from lookalike.domain.log import EntryKind
from lookalike.domain.searches import SearchRecord
from lookalike.services.journal import Journal
from lookalike.store import Database


@dataclass(frozen=True, slots=True)
class RecordService:
    """Shows recorded searches; needs no model."""

    database: Database
    journal: Journal

    def show(self, identifier: str, *, actor: Actor) -> SearchRecord:
        """Return a search as it was recorded; the view itself is recorded first.

        Raises:
            NotFound: There is no such search.
        """
        with self.database.begin() as unit:
            record = unit.searches.get(SearchId(identifier))
            self.journal.write(unit, EntryKind.SEARCH_VIEWED, actor, {"search": record.id, "case": record.case})
        return record
