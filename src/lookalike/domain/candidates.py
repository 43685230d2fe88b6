"""What a search returns: ranked faces, and the proof that the list is complete."""

from dataclasses import dataclass
from itertools import pairwise

from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import FaceId

SHORTEST_LIST = 2
LONGEST_LIST = 50
USUAL_LIST = 20


@dataclass(frozen=True, slots=True)
class RankedFace:
    """One enrolled face and its comparison score, as ranked by the index."""

    face: FaceId
    score: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that no compared reference outside the list can belong in it.

    Attributes:
        compared: References compared: every one of the galleries searched, at the version searched.
        rescored: Rows whose score was computed in full precision.
        outside_bound: No reference outside the rescored rows can score above this; ``None`` when all were rescored.
        last_score: Score of the last face in the list; ``None`` for an empty list.
        codes: How the scanned codes were made, e.g. ``fp16`` or ``8-bit``; ``exact`` where none were needed.

    Raises:
        InvalidInput: The bound does not lie below the last score, so nothing is proven.
    """

    compared: int
    rescored: int
    outside_bound: float | None
    last_score: float | None
    codes: str

    def __post_init__(self) -> None:
        if self.outside_bound is None:
            if self.rescored != self.compared:
                raise InvalidInput("Without a bound, every compared reference must have been rescored.")
        elif self.last_score is None or not self.outside_bound < self.last_score:
            raise InvalidInput("The bound does not lie below the list's last score: nothing is proven.")


@dataclass(frozen=True, slots=True)
class CertifiedList:
    """A complete candidate list: falling score, ties by rising face id.

    Raises:
        InvalidInput: The order is not that, or a face stands twice.
    """

    faces: tuple[RankedFace, ...]
    certificate: Certificate

    def __post_init__(self) -> None:
        keys = [(-ranked.score, ranked.face) for ranked in self.faces]
        if any(not a < b for a, b in pairwise(keys)):
            raise InvalidInput("A candidate list is ordered by falling score, ties by face id.")
