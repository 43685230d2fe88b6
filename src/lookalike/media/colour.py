"""Pixels of every mode and profile to sRGB, 8 bits a channel."""

import io
from itertools import product

from PIL import Image, ImageCms

_SIXTEEN_BITS = frozenset(("I;16", "I;16L", "I;16B", "I;16N"))
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_NOTICEABLE = 2


class UnsupportedPixels(Exception):
    """The file's numbers have no agreed appearance."""


def to_plain_mode(image: Image.Image) -> Image.Image:
    """Bring *image* into a mode that can be reduced: L, LA, RGB, RGBA, CMYK or LAB.

    16-bit grey keeps its high byte. A transparent colour becomes an alpha channel.

    Raises:
        UnsupportedPixels: 32-bit integers or floating point.
    """
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB") and "transparency" not in image.info:
        return image
    if image.mode in _SIXTEEN_BITS:
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("I", "F"):
        raise UnsupportedPixels(image.mode)
    if image.mode in ("1", "L", "LA", "La"):
        return image.convert("LA" if image.has_transparency_data else "L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def on_white(image: Image.Image) -> Image.Image:
    """Lay *image* on white where it is transparent, and drop the alpha channel; others pass unchanged."""
    if image.mode not in ("LA", "RGBA"):
        return image
    opaque = image.mode[:-1]
    ground = Image.new(opaque, image.size, "white")
    ground.paste(image.convert(opaque), mask=image.getchannel("A"))
    return ground


def to_srgb(image: Image.Image, profile: bytes | None, *, says_srgb: bool) -> tuple[Image.Image, str]:
    """Convert *image* (L, RGB, CMYK or LAB) to RGB in sRGB.

    Args:
        image: Without alpha.
        profile: The ICC profile found in the file.
        says_srgb: The file states sRGB in another way.

    Returns:
        The picture, and what was done, in the words of `lookalike.domain.frames.Origin`. A profile is applied with
        relative colorimetric intent and black-point compensation; one that changes no colour noticeably is sRGB.
    """
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _converted(image, lab), "converted"
    if not profile:
        return image.convert("RGB"), "srgb" if says_srgb else "assumed"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODE_OF_SPACE.get(given.profile.xcolor_space.strip(), "")
        if mode == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if mode != image.mode:
            return image.convert("RGB"), "broken-profile"
        if mode == "RGB" and _is_srgb(given):
            return image, "srgb"
        return _converted(image, given), "converted"
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB"), "broken-profile"


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(profile, srgb, image.mode, "RGB", _INTENT, _FLAGS)
    converted = ImageCms.applyTransform(image, transform)
    if converted is None:
        raise ValueError("The colour transform returned nothing.")
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether *profile* moves no colour of a 6 x 6 x 6 cube by more than two steps in any channel."""
    cube = bytes(channel for colour in product(range(0, 256, 51), repeat=3) for channel in colour)
    before = Image.frombytes("RGB", (36, 6), cube)
    after = _converted(before, profile).tobytes()
    return all(abs(a - b) <= _NOTICEABLE for a, b in zip(cube, after, strict=True))
