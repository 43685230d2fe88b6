"""Octets in, faces out: sandboxed decoding, then recognition, with boxes in pixels of the whole upright picture."""

import hashlib
from dataclasses import dataclass

from lookalike.domain.errors import LookalikeError, NotFound
from lookalike.domain.faces import Acquired, Acquisition
from lookalike.domain.frames import Frame, Origin
from lookalike.domain.identifiers import Digest
from lookalike.domain.references import NewFace
from lookalike.media import Decoder
from lookalike.recognition import ANALYSED_SIDE, Recogniser


def digest_of(data: bytes) -> Digest:
    """Return the SHA-256 of *data* in hexadecimal.

    Example:
        >>> digest_of(b"")[:12]
        'e3b0c44298fc'
    """
    return Digest(hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPicture:
    """A picture with every face that was found in it, acquired or not; its pixels are not kept.

    Attributes:
        analysed_size: Width and height in pixels at which faces were looked for.
    """

    digest: Digest
    origin: Origin
    analysed_size: tuple[int, int]
    faces: tuple[NewFace, ...]

    @property
    def acquired(self) -> tuple[NewFace, ...]:
        """The faces that have a template."""
        return tuple(face for face in self.faces if face.template is not None)

    def face(self, number: int) -> NewFace:
        """Return face *number*, counted from 1.

        Raises:
            NotFound: There is no such face.
        """
        if not 1 <= number <= len(self.faces):
            raise NotFound(
                f"There is no face {number}: {len(self.faces)} found in this picture.",
                remedy="Choose one of the faces listed.",
                faces=len(self.faces),
            )
        return self.faces[number - 1]


@dataclass(frozen=True, slots=True)
class Analyst:
    """Decodes pictures in the sandbox and acquires their faces with one model pack."""

    decoder: Decoder
    recogniser: Recogniser

    def reference(self, data: bytes, *, name: str) -> AnalysedPicture:
        """Analyse a picture to be enrolled.

        Raises:
            UnreadableMedia: The picture cannot be decoded; the reason is in its values.
        """
        frame = self.decoder.decode(data, name=name, side=ANALYSED_SIDE)
        return _analysed(data, frame, self.recogniser.acquire(frame))

    def probe(self, data: bytes, *, name: str, thorough: bool = False) -> AnalysedPicture:
        """Analyse an exhibit: the same faces, with templates averaged over several sets of points.

        Raises:
            UnreadableMedia: The picture cannot be decoded; the reason is in its values.
        """
        frame = self.decoder.decode(data, name=name, side=ANALYSED_SIDE)
        return _analysed(data, frame, self.recogniser.acquire_probe(frame, thorough=thorough))


def _analysed(data: bytes, frame: Frame, acquisitions: tuple[Acquisition, ...]) -> AnalysedPicture:
    upscale = 1.0 / frame.scale
    faces = tuple(_face(number, acquisition, upscale) for number, acquisition in enumerate(acquisitions, 1))
    return AnalysedPicture(digest_of(data), frame.origin, (frame.width, frame.height), faces)


def _face(number: int, acquisition: Acquisition, upscale: float) -> NewFace:
    face = acquisition.face.scaled(upscale)
    if isinstance(acquisition, Acquired):
        return NewFace(number, face, acquisition.template, acquisition.quality, None)
    return NewFace(number, face, None, None, acquisition.reason)


def why_unreadable(error: LookalikeError) -> str:
    """Return the one-word reason of an `UnreadableMedia`, or the error's code for others."""
    return str(error.values.get("reason", error.code))
