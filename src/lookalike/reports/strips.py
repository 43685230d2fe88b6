"""The score strip: one logarithmic axis of expected strangers for a whole candidate list."""

import math
from dataclasses import dataclass

from lookalike.domain.searches import SearchRecord
from lookalike.reports.wording import figure

WIDEST_DECADES = 8
LABELS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """A decade of the axis: its place, in hundredths of the axis's length from the left, and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The axis. Many strangers stand on the left, few on the right; both ends are whole decades.

    Attributes:
        most: Exponent of ten at the left end.
        least: Exponent of ten at the right end.
        operating_point: Place of the operating point; ``None`` where there is none.
        reach: Place beyond which values are extrapolated; ``None`` where it lies off the axis or is not known.

    Example:
        >>> strip = Strip(2, -2, None, None)
        >>> strip.place(1.0), strip.place(0.0), strip.place(1e9)
        (50.0, 100.0, 0.0)
        >>> [mark.label for mark in strip.marks]
        ['100', '10', '1', '0.1', '0.01']
    """

    most: int
    least: int
    operating_point: float | None
    reach: float | None

    def place(self, strangers: float) -> float:
        """Return where a number of expected strangers stands, 0 to 100; what lies beyond an end stands at that end."""
        exponent = math.log10(strangers) if strangers > 0 else -math.inf
        share = (self.most - max(self.least, min(self.most, exponent))) / (self.most - self.least)
        return round(share * 100, 3)

    def is_beyond(self, strangers: float) -> bool:
        """Say whether a number is too small for the axis."""
        return strangers < 10.0**self.least

    @property
    def one_stranger(self) -> float:
        """Where one stranger is expected."""
        return self.place(1.0)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The decades; where there are many, labels are left out, never the one of 1."""
        step = math.ceil((self.most - self.least + 1) / LABELS)
        return tuple(
            Mark(self.place(10.0**exponent), _label(exponent) if exponent % step == 0 else "")
            for exponent in range(self.most, self.least - 1, -1)
        )


def _label(exponent: int) -> str:
    return f"{10**exponent:,}" if exponent >= 0 else figure(10.0**exponent)


def strip_of(record: SearchRecord, reach: float | None) -> Strip | None:
    """Return the axis for an answer's candidates; ``None`` where nothing is calibrated or listed.

    Args:
        record: The answer.
        reach: The least number of expected strangers that was measured.
    """
    counts = [each.expected_strangers.count for each in record.candidates if each.expected_strangers]
    if record.threshold is None or not counts:
        return None
    most = max(1, math.ceil(math.log10(max(*counts, 1.0))))
    fewest = min(*counts, record.threshold.target_fpir / 3)  # room beyond the operating point
    if reach is not None:  # where nothing was measured, a place on the axis would say more than is known
        fewest = max(fewest, min(reach, record.threshold.target_fpir) / 3)
    least = max(most - WIDEST_DECADES, min(-1, math.floor(math.log10(fewest))))
    strip = Strip(most, least, None, None)
    reaches = reach is not None and 10.0**least < reach < 10.0**most
    return Strip(
        most,
        least,
        strip.place(record.threshold.target_fpir),
        strip.place(reach) if reaches and reach is not None else None,
    )
