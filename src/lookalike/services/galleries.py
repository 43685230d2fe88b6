"""Galleries: register, list, remove a reference."""

from dataclasses import dataclass

from lookalike.domain.errors import InvalidInput, NotFound
from lookalike.domain.galleries import Gallery, GalleryCounts, NewGallery
from lookalike.domain.identifiers import Actor, ReferenceId
from lookalike.domain.log import EntryKind
from lookalike.services.fact_digests import registration_digest
from lookalike.services.journal import Journal, next_seq
from lookalike.store import Database


@dataclass(frozen=True, slots=True)
class GalleryService:
    """What a data steward does with galleries."""

    database: Database
    journal: Journal

    def register(self, declared: NewGallery, *, actor: Actor) -> Gallery:
        """Register a gallery with its owner, legal basis, subject category, purposes and retention.

        Raises:
            Conflict: The name is taken, in whatever case of letters.
        """
        with self.database.begin() as unit:
            seq = next_seq(unit)
            gallery = unit.galleries.add(declared, at=self.journal.now(), actor=actor, seq=seq)
            self.journal.write(
                unit,
                EntryKind.GALLERY_REGISTERED,
                actor,
                {
                    "gallery": gallery.id,
                    "name": declared.name,
                    "owner": declared.owner,
                    "legal_basis": declared.legal_basis,
                    "subject_category": declared.subject_category.value,
                    "purposes": [purpose.value for purpose in declared.purposes],
                    "retain_until": declared.retain_until.isoformat() if declared.retain_until else None,
                    "digest": registration_digest(gallery),
                },
            )
        return gallery

    def list(self) -> tuple[tuple[Gallery, GalleryCounts], ...]:
        """Return all galleries, with what each holds."""
        with self.database.read() as reading:
            return tuple((gallery, reading.galleries.counts(gallery.id)) for gallery in reading.galleries.list())

    def show(self, name: str) -> tuple[Gallery, GalleryCounts]:
        """Return one gallery, with what it holds.

        Raises:
            NotFound: There is none of that name.
        """
        with self.database.read() as reading:
            gallery = reading.galleries.by_name(name)
            return gallery, reading.galleries.counts(gallery.id)

    def remove(self, name: str, external_id: str, *, reason: str, actor: Actor) -> tuple[ReferenceId, ...]:
        """Take every reference with *external_id* out of a gallery; no search of the gallery as it is now returns it.

        The rows stay, marked with the log position, so that a replay, or a search as of an earlier position, sees the
        gallery as it stood then; erasing them for good is expungement, which is another act.

        Raises:
            NotFound: No such gallery, or nothing enrolled there under *external_id*.
            InvalidInput: No reason was given.
        """
        if not reason.strip():
            raise InvalidInput("A removal needs its reason.", remedy="State it with --reason.")
        with self.database.begin() as unit:
            gallery = unit.galleries.by_name(name)
            found = unit.references.by_external_id(gallery.id, external_id)
            if not found:
                raise NotFound(f"Gallery {gallery.name} has no reference {external_id!r}.")
            seq = next_seq(unit)
            for reference in found:
                unit.references.remove(reference.id, seq=seq)
            ids = tuple(reference.id for reference in found)
            self.journal.write(
                unit,
                EntryKind.REFERENCE_REMOVED,
                actor,
                {"gallery": gallery.id, "references": list(ids), "reason": reason},
            )
        return ids
