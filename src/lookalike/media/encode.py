"""Encoding our own pixels. Nothing foreign is parsed here, so that it may run in the parent."""

import io

import numpy as np
from PIL import Image

from lookalike.domain.errors import InvalidInput
from lookalike.domain.frames import Pixels


def encode_jpeg(pixels: Pixels, *, quality: int = 90) -> bytes:
    """Encode *pixels* as a JPEG without metadata; the same pixels give the same bytes.

    Args:
        pixels: uint8, shape (height, width, 3), RGB in sRGB; sides of 1 to 65,500.
        quality: libjpeg's quality, 1 to 95.

    Returns:
        A baseline JPEG, chroma halved on both axes.

    Raises:
        InvalidInput: Another type, shape or quality.

    Example:
        >>> encode_jpeg(np.zeros((8, 8, 3), np.uint8))[:3].hex()
        'ffd8ff'
    """
    is_picture = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size > 0
    if not is_picture or max(pixels.shape) > 65_500:
        raise InvalidInput("A JPEG needs uint8 pixels of shape (height, width, 3), each side at most 65,500.")
    if not 1 <= quality <= 95:
        raise InvalidInput(f"JPEG quality must be 1 to 95, not {quality}.")
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(target, "JPEG", quality=quality)
    return target.getvalue()
