"""Faces as found in a frame, and what became of each: acquired, or not and why."""

from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.templates import Template


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face found in a frame.

    Attributes:
        box: In pixels of the frame it was found in.
        landmarks: In pixels of that frame; averaged over re-detections where the detector does that.
        score: The detector's own score, 0 to 1.
    """

    box: Box
    landmarks: Landmarks
    score: float

    def scaled(self, factor: float) -> "DetectedFace":
        """Return the face in a picture enlarged by *factor*."""
        return DetectedFace(self.box.scaled(factor), self.landmarks.scaled(factor), self.score)


class QualityReason(StrEnum):
    """A readable reason why a face is a poor sample; named after ISO/IEC 29794-5 components, no conformance claimed."""

    TOO_SMALL = "too small"
    BLURRED = "blurred"
    DARK = "dark"
    CLIPPED = "clipped"
    TURNED = "turned"
    TILTED = "tilted"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Quality:
    """How useful a face is for comparison.

    Attributes:
        percentile: 0 to 100: share of the pack's calibration faces whose un-normalised template is shorter.
        norm: Length of the un-normalised template; the measure behind the percentile.
        eye_distance_px: Distance between the eyes in pixels of the frame.
        reasons: What a person can see and mend; explains, never changes, the percentile.
    """

    percentile: float
    norm: float
    eye_distance_px: float
    reasons: tuple[QualityReason, ...]


class WhyNot(StrEnum):
    """Why a face that was found could not be acquired."""

    TOO_FEW_PIXELS = "too few pixels"
    LANDMARKS_UNUSABLE = "landmarks unusable"
    TEMPLATE_UNUSABLE = "template unusable"


@dataclass(frozen=True, slots=True)
class Acquired:
    """A face with its template and quality."""

    face: DetectedFace
    template: Template
    quality: Quality


@dataclass(frozen=True, slots=True)
class NotAcquired:
    """A failure to acquire: an outcome to count and show, not an exception."""

    face: DetectedFace
    reason: WhyNot


Acquisition = Acquired | NotAcquired
