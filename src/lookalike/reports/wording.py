"""Numbers and records in words: what a person should conclude comes first, the number second."""

import math
import unicodedata
from datetime import UTC, datetime

from lookalike.domain.calibration import ExpectedStrangers, Threshold
from lookalike.domain.faces import Quality
from lookalike.domain.galleries import Purpose
from lookalike.domain.packs import PackInfo
from lookalike.domain.searches import SearchRecord

LONGEST_TEXT = 320
"""Characters of a stated text that a sheet shows before it says that there are more."""


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun.

    Example:
        >>> count(1, "face", "faces"), count(1200, "face", "faces")
        ('1 face', '1,200 faces')
    """
    return f"{number:,} {one if number == 1 else many}"


def moment(at: datetime) -> str:
    """Return a time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text*, or its beginning with a note that there is more.

    Example:
        >>> short("abcdef", 3)
        'abc ... (6 characters in all)'
    """
    return text if len(text) <= longest else f"{text[:longest]} ... ({len(text):,} characters in all)"


REVERSING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Unicode's explicit direction marks: ``rtl<U+202E>gpj.exe`` would be shown as ``rtlexe.jpg``."""


def clean(text: str) -> str:
    r"""Return *text* without characters that no page can hold, or that show it as another text.

    The first are control characters and halves of surrogate pairs, the second the marks that reverse what follows.

    Example:
        >>> clean("a" + chr(0) + "b" + chr(10))
        'a�b\n'
    """
    return "".join(
        "\ufffd"
        if (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t") or character in REVERSING
        else character
        for character in text
    )


def rounded(value: float, *, up: bool | None = None) -> float:
    """Round to what a calibration can hold: two significant figures from 1 on, one below.

    Args:
        value: 0 or more.
        up: ``True`` never rounds down, ``False`` never up, ``None`` takes the nearest.

    Example:
        >>> [rounded(value) for value in (1234.5, 4.06, 0.53, 0.0347)]
        [1200.0, 4.1, 0.5, 0.03]
        >>> rounded(0.0301, up=True)
        0.04
    """
    if value <= 0:
        return 0.0
    places = (1 if value >= 1 else 0) - math.floor(math.log10(value))
    scaled = round(value * 10.0**places, 6)  # 0.3 * 10 is not 3
    whole = round(scaled) if up is None else math.ceil(scaled) if up else math.floor(scaled)
    return round(whole / 10.0**places, places)


def figure(value: float) -> str:
    """Return a rounded number without an exponent.

    Example:
        >>> figure(1234.0), figure(4.1), figure(0.00003)
        ('1,234', '4.1', '0.00003')
    """
    if value >= 10 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.{-math.floor(math.log10(value))}f}"


def strangers_figure(strangers: ExpectedStrangers | None, reach: float | None) -> str:
    """Return expected strangers as a number.

    Args:
        strangers: ``None`` where the model pack is not calibrated.
        reach: The least number that the calibration measured at this gallery size; ``None`` where it is not known.

    Example:
        >>> strangers_figure(ExpectedStrangers(0.53, is_extrapolated=False), 0.01)
        '0.5'
        >>> strangers_figure(ExpectedStrangers(1e-7, is_extrapolated=True), 0.0123)
        'fewer than 0.02'
    """
    if strangers is None:
        return "not calibrated"
    if strangers.is_extrapolated and reach is not None:
        return f"fewer than {figure(rounded(reach, up=True))}"
    return figure(rounded(strangers.count))


def strangers_words(strangers: ExpectedStrangers | None) -> str:
    """Return the same in searches of this size, so that a small number says something.

    Example:
        >>> strangers_words(ExpectedStrangers(0.034, is_extrapolated=False))
        'one in about 30 such searches'
        >>> strangers_words(ExpectedStrangers(4.06, is_extrapolated=False))
        'in each such search'
        >>> strangers_words(ExpectedStrangers(1e-7, is_extrapolated=True))
        'extrapolated beyond what was measured'
    """
    if strangers is None:
        return ""
    if strangers.is_extrapolated:
        return "extrapolated beyond what was measured"
    if strangers.count > 2 / 3:
        return "in each such search"
    return f"one in about {one_in(strangers.count):,} such searches"


def one_in(rate: float) -> int:
    """Return *n* where *rate* is about one in *n*, to one figure from 10 on.

    Example:
        >>> [one_in(rate) for rate in (0.5, 0.034, 0.01)]
        [2, 30, 100]
    """
    inverse = 1 / rate
    return int(round(inverse, -math.floor(math.log10(inverse)))) if inverse >= 10 else round(inverse)


def reach_of(record: SearchRecord, pack: PackInfo) -> float | None:
    """Return the least number of expected strangers that was measured, at the size of the galleries searched."""
    if pack.calibration is None:
        return None
    size = record.threshold.gallery_size if record.threshold else record.certificate.compared
    return size * pack.calibration.rates[-1]


def headline(record: SearchRecord) -> str:
    """Return the one sentence of an answer."""
    compared, listed = record.certificate.compared, len(record.candidates)
    above = sum(candidate.above_operating_point is True for candidate in record.candidates)
    among = f"among {count(compared, 'reference', 'references')}"
    if compared == 0:
        return "No reference was compared: the galleries searched hold no face."
    if record.threshold is None:
        return f"{count(listed, 'candidate', 'candidates')} {among}, and nothing to say what their scores mean."
    if above == 0:
        return f"No candidate worth review {among}."
    stand = "stands" if above == 1 else "stand"
    number = "One" if above == 1 else f"{above}"
    return f"{number} of {count(listed, 'candidate', 'candidates')} {stand} at or above the operating point, {among}."


def meaning(record: SearchRecord) -> str:
    """Return what the scores of an answer mean at its gallery size, in a few sentences."""
    compared, threshold = record.certificate.compared, record.threshold
    if compared == 0:
        return "Nothing can be concluded from this answer. Enrol references, or search other galleries."
    if threshold is None:
        return (
            "The scores of this model pack were never measured on strangers. They put candidates in order and say "
            "nothing else: any score here may be one that strangers reach."
        )
    sentences = [threshold_sentence(threshold)]
    best = record.candidates[0] if record.candidates else None
    if best is None or best.expected_strangers is None:
        return sentences[0]
    if best.above_operating_point:
        sentences.append("A candidate that reaches it is still only a candidate: somebody who may be somebody else.")
    else:
        sentences.append(
            f"The best score here, {best.score:.3f}, is one that {_reached(best.expected_strangers, compared)}. "
            "This does not show that the person is not enrolled."
        )
    return " ".join(sentences)


def _reached(strangers: ExpectedStrangers, compared: int) -> str:
    if strangers.count > 2 / 3:
        about = rounded(strangers.count)
        who = "stranger" if about == 1 else "strangers"
        return f"about {figure(about)} {who} in {compared:,} can be expected to reach"
    return f"a stranger can be expected to reach in one of about {one_in(strangers.count):,} such searches"


def threshold_sentence(threshold: Threshold) -> str:
    """Return what an operating point was made for.

    Example:
        >>> from lookalike.domain.identifiers import Fingerprint
        >>> threshold = Threshold(0.4831, Fingerprint("a"), "", 0.01, 12345, is_extrapolated=False)
        >>> threshold_sentence(threshold)[:74]
        'The operating point is a score of 0.483: in a gallery of 12,345, at most o'
    """
    sentence = (
        f"The operating point is a score of {threshold.value:.3f}: in a gallery of {threshold.gallery_size:,}, at most "
        f"one search in {1 / threshold.target_fpir:,.3g} for somebody who is not enrolled is expected to show anybody "
        "above it."
    )
    if threshold.is_extrapolated:
        return f"{sentence} It lies beyond the scores that were measured and is extrapolated."
    return sentence


def quality_words(quality: Quality) -> str:
    """Return a face's quality against the calibration's faces, as a natural frequency.

    Example:
        >>> quality_words(Quality(81.4, 12.0, 54.2, ()))
        'better than 81 of 100 faces measured'
    """
    return f"better than {math.floor(quality.percentile)} of 100 faces measured"


def purpose_words(purpose: Purpose) -> str:
    """Return a purpose as a person writes it."""
    return purpose.value.replace("-", " ")
