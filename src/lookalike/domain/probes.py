"""What may be searched."""

from enum import StrEnum


class ProbeKind(StrEnum):
    """What an exhibit is. Sketches, composites, generated and enhanced pictures have no word here: they are refused."""

    PHOTOGRAPH = "photograph"
    VIDEO_STILL = "video-still"
    DOCUMENT_SCAN = "document-scan"
