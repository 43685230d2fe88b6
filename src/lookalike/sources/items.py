"""What a source gives: pictures with where they come from, and what cannot be used, with the reason."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from lookalike.domain.references import Provenance

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".gif", ".bmp", ".heic", ".heif"}
)
"""Endings, in lower case, of the files that a folder gives."""
LONGEST_ID = 256
"""Characters that an external id may have."""
LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SourceItem:
    """A picture to be enrolled.

    Attributes:
        key: The same at every reading of an unchanged source: the source's name and the path below it, or the path
            that a manifest names.
        path: The file itself, without links on the way.
        external_id: What the source calls it; several items may have the same.
    """

    key: str
    path: Path
    external_id: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class BadItem:
    """Something in a source that cannot be used: to be counted and shown.

    Attributes:
        key: Where it stands, fit to be printed: a path, or a manifest's name and line.
        reason: Why it cannot be used.
    """

    key: str
    reason: str


Item = SourceItem | BadItem


def printable(text: str) -> str:
    r"""Return *text* fit for one line of a terminal: control characters and broken encodings escaped, cut to length.

    Example:
        >>> printable("a\x1b[31m.jpg")
        'a\\x1b[31m.jpg'
    """
    safe = "".join(_escaped(character) for character in text[: LONGEST_SHOWN + 1])
    return safe if len(text) <= LONGEST_SHOWN else f"{safe[:LONGEST_SHOWN]}..."


def _escaped(character: str) -> str:
    # Not printable, too: the marks that reverse the order of what follows on the line.
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def text_fault(text: str, *, longest: int, is_one_line: bool) -> str:
    """Say what keeps *text* from being recorded; nothing when it is sound.

    Example:
        >>> text_fault("A-1", longest=8, is_one_line=True)
        ''
    """
    if len(text) > longest:
        return f"is longer than {longest:,} characters"
    kinds = {character: unicodedata.category(character) for character in set(text)}
    if "Cs" in kinds.values():
        return "is not UTF-8"
    if any(kind == "Cc" and (is_one_line or character not in "\n\r\t") for character, kind in kinds.items()):
        return "holds control characters"
    return ""
