"""One picture, from bytes to upright sRGB pixels. Runs in the decoding child only."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from lookalike.media.colour import UnsupportedPixels, on_white, to_plain_mode, to_srgb
from lookalike.media.headers import count_gif_frames, count_tiff_pages, webp_size
from lookalike.media.refusals import WhyUnreadable
from lookalike.media.wire import MOST_FRAMES, Reply

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error),
    *(UnsupportedPixels, Image.DecompressionBombError, ImageCms.PyCMSError),
)
"""What decoders are seen to raise on hostile files."""


class TooManyPixels(Exception):
    """The header announces more than the limits allow.

    Args:
        width: As announced, in pixels.
        height: As announced, in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height}")
        self.width = width
        self.height = height


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one picture may ask for.

    Attributes:
        pixels: Width times height as stored.
        side: Longest side as stored.
        memory: Bytes of memory on top of the file's own.
    """

    pixels: int
    side: int
    memory: int


def decode(data: bytes, format_: str, *, side: int, bounds: Bounds) -> tuple[Reply, Image.Image]:
    """Decode the first picture of *data*.

    The reduction depends on the picture and *side* alone: for JPEG the decoder's own largest denominator (1, 2, 4, 8)
    that leaves the long side at *side* or more, then one exact reduction to ``min(original, side)``.

    Args:
        data: The file.
        format_: The only Pillow format that is tried.
        side: Long side of the result in pixels, at most.
        bounds: What the header may announce.

    Returns:
        The origin and size of the picture as a reply, and the picture: RGB, upright, sRGB.

    Raises:
        TooManyPixels: By the header, before anything is decoded.
        MemoryError: By the header, or while decoding.
        UnsupportedPixels: The pixels have no agreed appearance.
        Exception: Any of `FAILURES`; what Pillow's decoders raise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _open(data, format_, bounds)
        orientation, is_turned = _orientation(image, format_)
        width, height = _stored_size(image)
        frame_count = _count_frames(image, data, format_)
        reduction = _shrink_on_load(image, format_, side)
        profile, says_srgb = image.info.get("icc_profile"), "srgb" in image.info
        image.load()
        # The target is that of the whole picture; a reduced one may be a fraction of a pixel larger than its share.
        whole = image.size if is_turned else (width, height)
        reduced = _reduce(to_plain_mode(image), whole, side, reduction)
        upright = reduced if is_turned or orientation == 1 else reduced.transpose(_TURNS[orientation])
        final, colour = to_srgb(on_white(upright), profile, says_srgb=says_srgb)
    reply = Reply(
        None,
        format=format_,
        stored_width=width,
        stored_height=height,
        orientation=orientation,
        colour=colour,
        reduction=reduction,
        frame_count=frame_count,
        width=final.width,
        height=final.height,
    )
    return reply, final


def explain(error: BaseException) -> WhyUnreadable:
    """Name the reason behind one of `FAILURES`.

    Example:
        >>> explain(OSError("image file is truncated (3 bytes not processed)"))
        <WhyUnreadable.TRUNCATED: 'truncated'>
    """
    match error:
        case MemoryError():
            return WhyUnreadable.TOO_MUCH_MEMORY
        case Image.DecompressionBombError() | TooManyPixels():
            return WhyUnreadable.TOO_MANY_PIXELS
        case UnsupportedPixels():
            return WhyUnreadable.UNSUPPORTED_PIXELS
        case EOFError():
            return WhyUnreadable.TRUNCATED
        case _ if "truncated" in str(error).lower():
            return WhyUnreadable.TRUNCATED
        case _:
            return WhyUnreadable.BROKEN


def _open(data: bytes, format_: str, bounds: Bounds) -> Image.Image:
    """Open *data* and hold what its header announces against *bounds*, as early as the format allows."""
    if format_ == "WEBP":
        _check(webp_size(data), bounds, _bytes_a_pixel("WEBP", "RGBA", is_progressive=False))
    Image.MAX_IMAGE_PIXELS = bounds.pixels
    image = Image.open(io.BytesIO(data), formats=(format_,))
    _check(image.size, bounds, _bytes_a_pixel(format_, image.mode, is_progressive="progressive" in image.info))
    return image


def _check(size: tuple[int, int], bounds: Bounds, bytes_a_pixel: int) -> None:
    pixels = size[0] * size[1]
    if pixels > bounds.pixels or max(size) > bounds.side:
        raise TooManyPixels(*size)
    if pixels * bytes_a_pixel > bounds.memory:
        raise MemoryError


def _bytes_a_pixel(format_: str, mode: str, *, is_progressive: bool) -> int:
    """What decoding takes, as measured, where a library that runs out of memory would call the file damaged."""
    match format_:
        case "WEBP":
            return 19
        case "AVIF":
            return 16 if mode == "RGBA" else 11
        case "HEIF":
            return 14 if mode == "RGBA" else 11
        case "JPEG" if is_progressive:
            return 10 if mode == "CMYK" else 7
        case _:
            return 0


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height before orientation, in pixels; Pillow announces a TIFF as if it were turned already."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(image.tag_v2[TiffImagePlugin.IMAGEWIDTH]), int(image.tag_v2[TiffImagePlugin.IMAGELENGTH])
    return image.size


def _orientation(image: Image.Image, format_: str) -> tuple[int, bool]:
    """Return the orientation, 1 to 8, and whether Pillow or libheif applies it while loading.

    HEIF carries its own transformation, which is part of decoding; its EXIF orientation is a copy, and ignored.
    """
    if format_ == "HEIF":
        return 1, True
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except FAILURES:
        value = 1  # a broken EXIF block does not make the picture unreadable
    orientation = value if isinstance(value, int) and 1 <= value <= 8 else 1
    return orientation, format_ == "TIFF"


def _count_frames(image: Image.Image, data: bytes, format_: str) -> int:
    match format_:
        case "GIF":
            return count_gif_frames(data)
        case "TIFF":
            return count_tiff_pages(data)
        case _:
            return max(1, min(MOST_FRAMES, int(getattr(image, "n_frames", 1))))


def _shrink_on_load(image: Image.Image, format_: str, side: int) -> int:
    """Let libjpeg drop detail that the reduction would drop anyway; return the denominator."""
    if format_ != "JPEG":
        return 1
    width, height = image.size
    denominator = next((d for d in (8, 4, 2) if max(width, height) >= side * d), 1)
    if denominator > 1:
        image.draft(image.mode, (max(1, width // denominator), max(1, height // denominator)))
    return next(d for d in (1, 2, 4, 8) if image.size == (-(-width // d), -(-height // d)))


def _reduce(image: Image.Image, whole: tuple[int, int], side: int, reduction: int) -> Image.Image:
    """Reduce *image*, already smaller than *whole* by *reduction*, so that its long side is ``min(original, side)``."""
    long = max(whole)
    if long <= side:
        return image
    width, height = (max(1, round(length * side / long)) for length in whole)
    box = (0.0, 0.0, whole[0] / reduction, whole[1] / reduction)
    return image.resize((width, height), Image.Resampling.HAMMING, box=box, reducing_gap=2.0)
