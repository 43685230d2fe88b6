"""The few operations on pixels that OpenCV does for us, typed, on one thread, by its own code on every machine."""

import cv2
import numpy as np
import numpy.typing as npt

from lookalike.domain.frames import Pixels
from lookalike.recognition.inference import Floats


def settle() -> None:
    """Keep OpenCV to one thread and its own code, so that a picture gives the same numbers everywhere."""
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)


def reduce(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return a smaller picture, each pixel the mean of the area it stands for."""
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return a larger picture, bilinear."""
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def warp_affine(pixels: Pixels, affine: npt.NDArray[np.float64], side: int) -> Pixels:
    """Return a square picture of *side* pixels, bilinear, black outside.

    Args:
        pixels: uint8, shape (height, width, 3).
        affine: float64, shape (2, 3): from *pixels* to the result, in continuous coordinates.
        side: Width and height of the result in pixels.
    """
    index = affine.copy()  # OpenCV counts from pixel centres
    index[:, 2] += affine[:, :2].sum(axis=1) * 0.5 - 0.5
    flags = cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpAffine(pixels, index, (side, side), flags=flags, borderMode=cv2.BORDER_CONSTANT), np.uint8
    )


def mirror(pixels: Pixels) -> Pixels:
    """Return the picture as a mirror shows it."""
    return np.asarray(cv2.flip(pixels, 1), np.uint8)


def blur(picture: Floats, sigma: float) -> Floats:
    """Return a picture of one channel, float32, smoothed by a Gaussian of *sigma* pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def to_luma(pixels: Pixels) -> Pixels:
    """Return luma (ITU-R BT.601), uint8, shape (height, width)."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def to_batch(
    pictures: list[Pixels], *, mean: float = 0.0, scale: float = 1.0, is_bgr: bool = False, step: int = 1
) -> Floats:
    """Return pictures of one size as a batch: ``(x - mean) * scale``.

    Args:
        pictures: uint8, shape (height, width, 3), RGB.
        mean: Taken off every value.
        scale: Multiplied afterwards.
        is_bgr: Whether the batch's colours are in the order blue, green, red.
        step: What divides the batch's height and width; black is added at the right and below.

    Returns:
        float32, shape (n, 3, height, width).
    """
    order = (2, 1, 0) if is_bgr else (0, 1, 2)
    height, width = pictures[0].shape[:2]
    down, right = -height % step, -width % step
    make = np.zeros if down or right else np.empty
    batch: Floats = make((len(pictures), 3, height + down, width + right), np.float32)
    for planes, picture in zip(batch, pictures, strict=True):
        channels = cv2.split(picture)
        for plane, channel in zip(planes, order, strict=True):
            plane[:height, :width] = channels[channel]
    if mean:
        batch -= np.float32(mean)
    if scale != 1:
        batch *= np.float32(scale)
    return batch
