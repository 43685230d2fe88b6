"""Pictures as they are looked at: upright, sRGB, with the way back to the file."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.errors import InvalidInput

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Origin:
    """How a frame's pixels came out of its file; everything needed to map a box back.

    Attributes:
        format: The format found in the bytes: ``JPEG``, ``PNG``, ``WEBP``, ``AVIF``, ``TIFF``, ``GIF``,
            ``BMP`` or ``HEIF``.
        stored_width: Width in pixels as stored in the file, before orientation.
        stored_height: Height in pixels as stored, before orientation.
        orientation: The EXIF orientation, 1 to 8, that was applied; 1 means none.
        colour: ``srgb`` (nothing to convert), ``converted`` (an ICC profile was applied), ``assumed`` (none given,
            sRGB assumed) or ``broken-profile`` (a profile was there and unusable; sRGB assumed).
        reduction: The decoder's own shrink-on-load denominator: 1, 2, 4 or 8.
        frame_count: Frames or pages in the file; the first is used.
    """

    format: str
    stored_width: int
    stored_height: int
    orientation: int
    colour: str
    reduction: int
    frame_count: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels of the whole picture once upright."""
        if self.orientation >= 5:
            return self.stored_height, self.stored_width
        return self.stored_width, self.stored_height


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """An upright picture in sRGB, possibly reduced, with its origin.

    Attributes:
        pixels: uint8, shape (height, width, 3), RGB, 0 to 255; read-only.
        origin: Where the pixels came from.

    Raises:
        InvalidInput: The array is of another type or shape, or empty.

    Example:
        >>> origin = Origin("PNG", 8, 4, 1, "assumed", 1, 1)
        >>> Frame(np.zeros((2, 4, 3), np.uint8), origin).scale
        0.5
    """

    pixels: Pixels
    origin: Origin

    def __post_init__(self) -> None:
        shape_is_right = self.pixels.ndim == 3 and self.pixels.shape[2] == 3 and self.pixels.size > 0
        if self.pixels.dtype != np.uint8 or not shape_is_right:
            raise InvalidInput("A frame needs uint8 pixels of shape (height, width, 3).")
        self.pixels.setflags(write=False)

    @property
    def width(self) -> int:
        """Width in pixels of this frame."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels of this frame."""
        return int(self.pixels.shape[0])

    @property
    def scale(self) -> float:
        """Frame pixels for each pixel of the whole upright picture; at most 1."""
        return max(self.width, self.height) / max(self.origin.upright_size)
