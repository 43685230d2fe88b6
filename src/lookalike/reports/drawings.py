"""Pictures with boxes, as SVG: one user unit is one pixel of the upright original, so nothing is ever converted."""

from base64 import b64encode
from dataclasses import dataclass
from decimal import Decimal

from lookalike.domain.geometry import Point
from lookalike.reports.sheets import FaceMark, PictureView

TAG_SHARE = 0.03
"""Height of a box's label for each pixel of the picture's longer side."""
CROSS_SHARE = 0.06
"""Arm of a landmark's cross for each pixel between the eyes."""
CROSSED_SHARE = 0.05
"""Pixels between the eyes for each pixel of the picture's longer side, below which crosses would hide the face."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The label of a box, in pixels of the upright original."""

    text: str
    x: float
    y: float
    width: float
    height: float
    text_x: float
    text_y: float
    size: float


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A face as drawn: the box as it stands in the record, to the last digit."""

    mark: FaceMark
    x: str
    y: str
    width: str
    height: str
    tag: Tag
    crosses: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as drawn.

    Attributes:
        faces: The chosen one last, so that it lies on top.
    """

    name: str
    href: str
    width: int
    height: int
    faces: tuple[DrawnFace, ...]


def drawing(name: str, view: PictureView, faces: tuple[FaceMark, ...]) -> Drawing:
    """Return *view* with *faces* boxed and numbered, and the chosen one's landmarks."""
    in_order = sorted(faces, key=lambda mark: (mark.chosen, mark.number))
    drawn = tuple(_drawn(mark, view) for mark in in_order)
    return Drawing(name, data_address(view.jpeg), view.upright_width, view.upright_height, drawn)


def data_address(jpeg: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def number(value: float) -> str:
    """Return a coordinate that reads back as the same number.

    Example:
        >>> number(12.0), number(0.1), number(1e-7)
        ('12', '0.1', '0.0000001')
    """
    return str(int(value)) if value == int(value) else f"{Decimal(repr(float(value))):f}"


def _drawn(mark: FaceMark, view: PictureView) -> DrawnFace:
    box = mark.box
    return DrawnFace(
        mark=mark,
        x=number(box.x),
        y=number(box.y),
        width=number(box.width),
        height=number(box.height),
        tag=_tag(mark, view),
        crosses=_crosses(mark, view) if mark.chosen else "",
    )


def _tag(mark: FaceMark, view: PictureView) -> Tag:
    text = f"{mark.number} chosen" if mark.chosen else f"{mark.number}"
    height = max(view.upright_width, view.upright_height) * TAG_SHARE
    size = height * 0.72
    width = size * (0.62 * len(text) + 0.7)
    # Above the box where there is room, within the picture in any case.
    x = min(max(0.0, mark.box.x), max(0.0, view.upright_width - width))
    y = min(max(0.0, mark.box.y - height), max(0.0, view.upright_height - height))
    figures = (x, y, width, height, x + size * 0.35, y + height * 0.76, size)
    return Tag(text, *(round(value, 2) for value in figures))


def _crosses(mark: FaceMark, view: PictureView) -> str:
    longer = max(view.upright_width, view.upright_height)
    if mark.landmarks is None or mark.landmarks.eye_distance < longer * CROSSED_SHARE:
        return ""
    arm = mark.landmarks.eye_distance * CROSS_SHARE
    return " ".join(_cross(point, arm) for point in mark.landmarks.points)


def _cross(point: Point, arm: float) -> str:
    x, y = point
    lines = (x - arm, y, 2 * arm), (x, y - arm, 2 * arm)
    across, down = ([round(value, 2) for value in line] for line in lines)
    return f"M{across[0]} {across[1]}h{across[2]}M{down[0]} {down[1]}v{down[2]}"
