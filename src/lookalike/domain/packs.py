"""What a model pack says of itself: licence, training data, fingerprint, calibration."""

from dataclasses import dataclass

from lookalike.domain.calibration import Calibration
from lookalike.domain.identifiers import Digest, Fingerprint


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of a pack.

    Attributes:
        role: ``detector`` or ``embedder``.
        kind: How it is run: ``yunet``, ``scrfd``, ``sface``, ``arcface``.
        name: File name in the pack's folder.
        sha256: Digest of the file as it is run.
        source_sha256: Digest of the file it was unpacked from; the same where nothing was unpacked.
        licence: SPDX identifier, or the licence's name.
        known_as: The published name of a file with this source digest; empty when unverified.
    """

    role: str
    kind: str
    name: str
    sha256: Digest
    source_sha256: Digest
    licence: str
    known_as: str


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A model pack as shown to people and recorded.

    Attributes:
        id: Short name, e.g. ``yunet-sface``.
        dimension: Numbers in a template.
        training_data: What is known about the training data, in words.
        commercial_use: ``yes``, ``no`` or ``unclear``.
        calibration: ``None`` for a pack whose scores were never measured; every answer then says so.
    """

    id: str
    fingerprint: Fingerprint
    dimension: int
    files: tuple[PackFile, ...]
    training_data: str
    commercial_use: str
    licence_text: str
    calibration: Calibration | None
