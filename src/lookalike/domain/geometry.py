"""Boxes and points, always in pixels of a picture that stands upright.

Coordinates are continuous: (0, 0) is the outer corner of the first pixel, x grows to the right and y
downwards, so that a box scales by plain multiplication.
"""

import math
from dataclasses import dataclass
from typing import Self

from lookalike.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel rectangle in pixels; width and height are positive.

    It may reach over the picture's edge: a face cut off is still a face.

    Example:
        >>> Box(10, 20, 30, 40).scaled(0.5)
        Box(x=5.0, y=10.0, width=15.0, height=20.0)
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        finite = all(math.isfinite(v) for v in (self.x, self.y, self.width, self.height))
        if not (finite and self.width > 0 and self.height > 0):
            raise InvalidInput(f"Not a box: {self}.")

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture enlarged by *factor*."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def overlap(self, other: "Box") -> float:
        """Return the shared area over the joint area, 0 to 1 (intersection over union).

        Example:
            >>> Box(0, 0, 2, 2).overlap(Box(1, 0, 2, 2))
            0.3333333333333333
        """
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(0.0, width) * max(0.0, height)
        return shared / (self.width * self.height + other.width * other.height - shared)

    def as_list(self) -> list[float]:
        """Return ``[x, y, width, height]``, rounded to a hundredth of a pixel, for records."""
        return [round(float(v), 2) for v in (self.x, self.y, self.width, self.height)]

    @classmethod
    def from_list(cls, values: list[float]) -> Self:
        """Read what `as_list` wrote."""
        x, y, width, height = values
        return cls(x, y, width, height)


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face, named from the viewer's side.

    ``left_eye`` is the eye on the picture's left (the subject's right eye).
    """

    left_eye: Point
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for point in self.points for v in point):
            raise InvalidInput("Landmarks must be finite numbers.")

    @property
    def points(self) -> tuple[Point, Point, Point, Point, Point]:
        """The five points in this class's order."""
        return (self.left_eye, self.right_eye, self.nose, self.left_mouth, self.right_mouth)

    @property
    def eye_distance(self) -> float:
        """Distance between the eye points, in pixels."""
        return math.dist(self.left_eye, self.right_eye)

    def scaled(self, factor: float) -> "Landmarks":
        """Return the points in a picture enlarged by *factor*."""
        return Landmarks(*((x * factor, y * factor) for x, y in self.points))

    def as_list(self) -> list[list[float]]:
        """Return ``[[x, y], ...]``, rounded to a hundredth of a pixel, for records."""
        return [[round(float(x), 2), round(float(y), 2)] for x, y in self.points]

    @classmethod
    def from_list(cls, values: list[list[float]]) -> Self:
        """Read what `as_list` wrote."""
        points: list[Point] = [(x, y) for x, y in values]
        return cls(*points)


def to_stored(box: Box, *, orientation: int, width: int, height: int) -> Box:
    """Map a box of the upright picture to the pixels as the file stores them.

    Args:
        box: In pixels of the upright picture at full size.
        orientation: The EXIF orientation, 1 to 8, that was undone to make the picture upright.
        width: Width in pixels of the picture *as stored*.
        height: Height in pixels of the picture *as stored*.

    Returns:
        The same area, in pixels of the stored picture.

    Raises:
        InvalidInput: *orientation* is not 1 to 8.

    Example:
        A picture stored lying on its side (orientation 6), 100 wide and 50 high:

        >>> to_stored(Box(0, 0, 10, 20), orientation=6, width=100, height=50)
        Box(x=0, y=40, width=20, height=10)

    Source: EXIF 2.32 (JEITA CP-3451), tag 0x0112.
    """
    if not 1 <= orientation <= 8:
        raise InvalidInput(f"EXIF orientation must be 1 to 8, not {orientation}.")
    x, y, w, h = box.x, box.y, box.width, box.height
    if orientation >= 5:  # stored lying on its side: rows and columns change places
        x, y, w, h = y, x, h, w
    if orientation in (2, 3, 7, 8):
        x = width - x - w
    if orientation in (3, 4, 6, 7):
        y = height - y - h
    return Box(x, y, w, h)
