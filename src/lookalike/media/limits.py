"""How much a picture may ask for before it is refused."""

from dataclasses import dataclass

from lookalike.domain.errors import InvalidInput

MOST_PIXELS = 400_000_000
"""No setting lifts the pixel limit over this."""
_SMALLEST_MEMORY = 16_000_000


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What one picture may cost; beyond, it is refused with its reason.

    Attributes:
        bytes: Longest file, in bytes.
        pixels: Most pixels, width times height as stored; at most 400 million.
        side: Longest side as stored, in pixels; at most 65,535.
        seconds: Wall-clock time for decoding, above 0.
        cpu_seconds: Processor time for decoding, in whole seconds.
        memory: Bytes of address space that the decoder may take on top of what it holds when idle, the file included.
            The default, 20 bytes a pixel for 100 megapixels, carries a picture of that size in every format; most need
            half.
        files: Pictures that one decoding process sees before it is replaced; 1 shuts every picture off from all others.

    Raises:
        InvalidInput: A limit is out of its range.

    Example:
        >>> MediaLimits(pixels=1_000_000).side
        65535
    """

    bytes: int = 200_000_000
    pixels: int = 150_000_000
    side: int = 65_535
    seconds: float = 20.0
    cpu_seconds: int = 15
    memory: int = 2_000_000_000
    files: int = 500

    def __post_init__(self) -> None:
        whole = (self.bytes, self.pixels, self.side, self.cpu_seconds, self.memory, self.files)
        if min(whole) < 1 or not 0 < self.seconds < 86_400:
            raise InvalidInput("Every media limit must be above zero, and the time below a day.")
        if self.memory < self.bytes + _SMALLEST_MEMORY:
            raise InvalidInput(f"Decoding a file takes its own bytes and at least {_SMALLEST_MEMORY:,} more as memory.")
        if self.pixels > MOST_PIXELS or self.side > 65_535:
            raise InvalidInput(f"Pictures are limited to {MOST_PIXELS:,} pixels and sides of 65,535 at the very most.")
