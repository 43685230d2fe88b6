"""The protocol between the parent and its decoding process: fixed-size records, nothing that runs code.

Parent to child: a `Request`, then as many bytes as it names. Child to parent: a `Reply`; the pixels lie in memory that
both share. The nursery to the parent, on a pipe of its own: one ready record, then one exit status for every child that
ended. What the child says is not trusted: `Reply.unpack` refuses whatever cannot be.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple, Self

from lookalike.media.formats import ALLOWED
from lookalike.media.refusals import WhyUnreadable

REQUEST = struct.Struct("<QI8s")
REPLY = struct.Struct("<BB8sIIBBBIII48s")
STATUS = struct.Struct("<i")
READY = STATUS.pack(1_000_000)

COLOURS = ("srgb", "converted", "assumed", "broken-profile")
REASONS = tuple(WhyUnreadable)
MOST_FRAMES = 10_000
"""Counting stops here: a frame count of 10,000 means that many or more."""


class Settings(NamedTuple):
    """What the decoding process is told when it starts, as whole numbers on its command line.

    ``status_fd`` and ``pixels_fd`` are inherited file descriptors; sizes are in bytes, times in seconds.
    """

    status_fd: int
    pixels_fd: int
    pixels_size: int
    landlock_abi: int
    seccomp: int
    pixels: int
    side: int
    cpu_seconds: int
    memory: int
    files: int


@dataclass(frozen=True, slots=True)
class Request:
    """One picture to decode.

    Attributes:
        length: How many bytes follow.
        side: The long side that the frame may have, in pixels.
        format: What the first bytes say it is; the child tries no other.
    """

    length: int
    side: int
    format: str

    def pack(self) -> bytes:
        """Return the record."""
        return REQUEST.pack(self.length, self.side, self.format.encode())

    @classmethod
    def unpack(cls, record: bytes) -> Self:
        """Read what `pack` wrote.

        Example:
            >>> Request.unpack(Request(5, 1920, "PNG").pack())
            Request(length=5, side=1920, format='PNG')
        """
        length, side, name = REQUEST.unpack(record)
        return cls(length, side, name.rstrip(b"\0").decode("ascii"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one picture.

    Attributes:
        refused: Why there is no frame; ``None`` where there is one.
        is_last: The child ends after this reply.
        format: The format decoded.
        stored_width: As in `lookalike.domain.frames.Origin`, as are the next five; 0 where unknown.
        width: Of the frame in pixels; 0 without one.
        height: Of the frame in pixels; 0 without one.
        detail: The kind of failure, for maintainers: an exception's class name.
    """

    refused: WhyUnreadable | None
    is_last: bool = False
    format: str = ""
    stored_width: int = 0
    stored_height: int = 0
    orientation: int = 1
    colour: str = "assumed"
    reduction: int = 1
    frame_count: int = 1
    width: int = 0
    height: int = 0
    detail: str = ""

    def pack(self) -> bytes:
        """Return the record."""
        outcome = 0 if self.refused is None else 1 + REASONS.index(self.refused)
        return REPLY.pack(
            outcome,
            self.is_last,
            self.format.encode(),
            self.stored_width,
            self.stored_height,
            self.orientation,
            COLOURS.index(self.colour),
            self.reduction,
            self.frame_count,
            self.width,
            self.height,
            self.detail.encode("ascii", "replace")[:48],
        )

    @classmethod
    def unpack(cls, record: bytes) -> Self:
        """Read what `pack` wrote, from a child that may lie.

        Raises:
            ValueError: The record says something impossible.

        Example:
            >>> Reply.unpack(Reply(WhyUnreadable.BROKEN, detail="OSError").pack()).detail
            'OSError'
        """
        outcome, last, name, *numbers, detail = REPLY.unpack(record)
        stored_width, stored_height, orientation, colour, reduction, frame_count, width, height = numbers
        format_ = name.rstrip(b"\0").decode("ascii")
        possible = (
            outcome <= len(REASONS)
            and last <= 1
            and (format_ in ALLOWED or (outcome and not format_))
            and 1 <= orientation <= 8
            and colour < len(COLOURS)
            and reduction in (1, 2, 4, 8)
            and 1 <= frame_count <= MOST_FRAMES
            and max(stored_width, stored_height, width, height) <= 2**31
        )
        if not possible:
            raise ValueError("The decoding process sent an impossible reply.")
        return cls(
            refused=None if outcome == 0 else REASONS[outcome - 1],
            is_last=bool(last),
            format=format_,
            stored_width=stored_width,
            stored_height=stored_height,
            orientation=orientation,
            colour=COLOURS[colour],
            reduction=reduction,
            frame_count=frame_count,
            width=width,
            height=height,
            detail="".join(c for c in detail.decode("ascii", "replace") if c.isalnum() or c == "_"),
        )
