"""Cases and exhibits: why a search is made, and of what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookalike.domain.faces import DetectedFace, Quality, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.galleries import Purpose
from lookalike.domain.identifiers import Actor, CaseId, Digest, ExhibitId, Seq
from lookalike.domain.probes import ProbeKind


class CaseState(StrEnum):
    """Whether searches may be made in a case."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Case:
    """An investigation: purpose, matter, legal basis and requester (behaviour O1).

    Attributes:
        ref: The organisation's own reference for the case; unique in a home.
        matter: The offence or matter type.
        opened_seq: Log position of its opening.
    """

    id: CaseId
    ref: str
    purpose: Purpose
    matter: str
    legal_basis: str
    requester: str
    state: CaseState
    opened_at: datetime
    opened_by: Actor
    opened_seq: Seq


@dataclass(frozen=True, slots=True)
class ExhibitFace:
    """A face found in an exhibit; its template is not kept: a probe is never enrolled (behaviour O5).

    Attributes:
        number: 1 for the first, in reading order.
        face: Box and landmarks in pixels of the whole upright picture.
        quality: ``None`` where the face was not acquired.
        why_not: ``None`` where the face was acquired.
    """

    number: int
    face: DetectedFace
    quality: Quality | None
    why_not: WhyNot | None


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A picture added to a case: the probe's original, hashed and never changed.

    Attributes:
        label: ``E1``, ``E2``, ... within its case.
        origin: Where it came from, as stated by the person who added it.
        picture: How its pixels came out of the file.
        thorough: Whether faces were looked for in enlarged tiles as well; a search looks for them the same way.
    """

    id: ExhibitId
    case: CaseId
    label: str
    kind: ProbeKind
    origin: str
    file_name: str
    original: Digest
    picture: Origin
    analysed_size: tuple[int, int]
    faces: tuple[ExhibitFace, ...]
    added_at: datetime
    added_by: Actor
    added_seq: Seq
    thorough: bool = False
