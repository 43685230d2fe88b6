"""Galleries: whose faces they are, why they may be held, and for what they may be searched."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import Actor, Fingerprint, GalleryId, Seq


class SubjectCategory(StrEnum):
    """Who the enrolled people are, as the gallery's owner declares it."""

    ARRESTED = "arrested"
    CONVICTED = "convicted"
    MISSING = "missing"
    DECEASED = "deceased"
    STAFF = "staff"
    PUBLIC_OFFICIALS = "public-officials"
    PUBLISHED = "published"
    ARCHIVE = "archive"
    VOLUNTEERS = "volunteers"


class Purpose(StrEnum):
    """What a case is for; a gallery names the purposes it may be searched for."""

    CRIMINAL_INVESTIGATION = "criminal-investigation"
    MISSING_PERSON = "missing-person"
    DISASTER_VICTIM = "disaster-victim"
    HUMAN_RIGHTS = "human-rights"
    JOURNALISM = "journalism"
    ARCHIVE_RESEARCH = "archive-research"
    EVALUATION = "evaluation"


class GalleryState(StrEnum):
    """Whether a gallery takes part in searches."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NewGallery:
    """What a data steward declares when registering a gallery.

    Raises:
        InvalidInput: The name is not 1 to 64 letters, digits, ``-``, ``_`` or ``.``; or owner, basis or purposes are
            missing.
    """

    name: str
    owner: str
    legal_basis: str
    subject_category: SubjectCategory
    purposes: tuple[Purpose, ...]
    retain_until: date | None

    def __post_init__(self) -> None:
        plain = self.name.replace("-", "").replace("_", "").replace(".", "")
        if not (plain.isascii() and plain.isalnum() and len(self.name) <= 64):
            raise InvalidInput(
                f"{self.name!r} cannot name a gallery.",
                remedy="Use 1 to 64 letters, digits, '-', '_' or '.'.",
            )
        for field, text in (("owner", self.owner), ("legal basis", self.legal_basis)):
            if not text.strip():
                raise InvalidInput(f"A gallery needs its {field}.", remedy=f"State the {field}.")
        if not self.purposes:
            raise InvalidInput("A gallery needs at least one purpose it may be searched for.")


@dataclass(frozen=True, slots=True)
class Gallery:
    """A registered set of references.

    Attributes:
        version: The audit log position of the last change to its references; its registration at first.
        fingerprint: The model pack of its templates; ``None`` until the first enrolment.
    """

    id: GalleryId
    declared: NewGallery
    state: GalleryState
    registered_at: datetime
    registered_by: Actor
    version: Seq
    fingerprint: Fingerprint | None

    @property
    def name(self) -> str:
        """The gallery's name."""
        return self.declared.name

    def is_expired(self, today: date) -> bool:
        """Say whether the retention date has passed."""
        return self.declared.retain_until is not None and today > self.declared.retain_until


@dataclass(frozen=True, slots=True)
class GalleryCounts:
    """How much a gallery holds: current references (pictures) and faces (templates)."""

    references: int
    faces: int
