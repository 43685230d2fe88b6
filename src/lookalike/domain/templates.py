"""Templates: what a model pack makes of a face, and never without that pack's name."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.errors import IncomparableTemplates, InvalidInput
from lookalike.domain.identifiers import Fingerprint

Vector = npt.NDArray[np.float32]
UNIT_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A unit vector and the model pack that made it.

    Attributes:
        vector: float32, shape (dimension,), Euclidean length 1 within 1e-4; a read-only copy.
        fingerprint: The model pack's fingerprint.

    Raises:
        InvalidInput: Not a unit vector of finite float32 numbers.

    Example:
        >>> one = Template(np.array([0.6, 0.8], np.float32), Fingerprint("a"))
        >>> round(one.compare(one), 6)
        1.0
    """

    vector: Vector
    fingerprint: Fingerprint

    def __post_init__(self) -> None:
        if self.vector.dtype != np.float32 or self.vector.ndim != 1:
            raise InvalidInput("A template needs a float32 vector of one dimension.")
        length = float(np.linalg.norm(self.vector.astype(np.float64)))
        if not abs(length - 1.0) <= UNIT_TOLERANCE:  # written so that NaN is refused
            raise InvalidInput(f"A template needs a vector of length 1, not {length}.")
        own = np.array(self.vector, np.float32, copy=True)
        own.setflags(write=False)
        object.__setattr__(self, "vector", own)

    @property
    def dimension(self) -> int:
        """How many numbers the vector holds."""
        return int(self.vector.shape[0])

    def compare(self, other: "Template") -> float:
        """Return the comparison score: cosine similarity in [-1, 1], higher is more alike.

        Raises:
            IncomparableTemplates: *other* was made by another model pack.
        """
        if self.fingerprint != other.fingerprint:
            raise IncomparableTemplates(
                "Templates of two model packs cannot be compared.",
                remedy="Enrol the gallery again with the model pack in use.",
                first=self.fingerprint,
                second=other.fingerprint,
            )
        return float(np.dot(self.vector, other.vector))
