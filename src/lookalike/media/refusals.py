"""Why a picture was not decoded: a closed set of reasons, each with its sentence."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lookalike.domain.errors import UnreadableMedia


class WhyUnreadable(StrEnum):
    """The reason in ``UnreadableMedia.values['reason']``; every refusal has exactly one."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"
    UNKNOWN_FORMAT = "unknown-format"
    REFUSED_FORMAT = "refused-format"
    NO_SANDBOX = "no-sandbox"
    NOT_INSTALLED = "not-installed"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    UNSUPPORTED_PIXELS = "unsupported-pixels"
    TOO_SLOW = "too-slow"
    TOO_MUCH_MEMORY = "too-much-memory"
    DECODER_DIED = "decoder-died"

    @property
    def sentence(self) -> str:
        """What happened, as the end of a sentence that began with the picture's name."""
        return _SENTENCES[self]

    @property
    def remedy(self) -> str:
        """What the caller can do about it."""
        return _REMEDIES[self]


_SENTENCES: Final = MappingProxyType(
    {
        WhyUnreadable.EMPTY: "it holds no bytes",
        WhyUnreadable.TOO_MANY_BYTES: "it holds more bytes than the limit",
        WhyUnreadable.TOO_MANY_PIXELS: "it has more pixels, or a longer side, than the limit",
        WhyUnreadable.UNKNOWN_FORMAT: "its first bytes are those of no picture format known here",
        WhyUnreadable.REFUSED_FORMAT: "its format is never decoded here",
        WhyUnreadable.NO_SANDBOX: "its format is decoded only where the kernel can shut the decoder in",
        WhyUnreadable.NOT_INSTALLED: "the decoder for its format is not installed, or is too old to be safe",
        WhyUnreadable.TRUNCATED: "it ends before the picture does",
        WhyUnreadable.BROKEN: "its data are damaged",
        WhyUnreadable.UNSUPPORTED_PIXELS: "its pixels (32-bit or floating point) have no agreed appearance",
        WhyUnreadable.TOO_SLOW: "decoding took longer than the limit",
        WhyUnreadable.TOO_MUCH_MEMORY: "decoding needed more memory than the limit",
        WhyUnreadable.DECODER_DIED: "the decoder died on it",
    }
)

_OBTAIN = "Obtain the file again from its source."
_RAISE = "Supply a smaller copy, or raise the limit in the settings if the file can be trusted."
_CONVERT = "Supply the picture as JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP."
_HOSTILE = "Try once more; if it happens again, treat the file as hostile."
_REMEDIES: Final = MappingProxyType(
    {
        WhyUnreadable.EMPTY: _OBTAIN,
        WhyUnreadable.TOO_MANY_BYTES: _RAISE,
        WhyUnreadable.TOO_MANY_PIXELS: _RAISE,
        WhyUnreadable.UNKNOWN_FORMAT: _CONVERT,
        WhyUnreadable.REFUSED_FORMAT: _CONVERT,
        WhyUnreadable.NO_SANDBOX: "Use a Linux kernel with Landlock and seccomp (5.13 or newer), or supply a JPEG.",
        WhyUnreadable.NOT_INSTALLED: "Run: pip install 'lookalike[heic]', or supply a JPEG.",
        WhyUnreadable.TRUNCATED: _OBTAIN,
        WhyUnreadable.BROKEN: _OBTAIN,
        WhyUnreadable.UNSUPPORTED_PIXELS: _CONVERT,
        WhyUnreadable.TOO_SLOW: _HOSTILE,
        WhyUnreadable.TOO_MUCH_MEMORY: _RAISE,
        WhyUnreadable.DECODER_DIED: _HOSTILE,
    }
)


def legible(name: str) -> str:
    r"""Return *name* with everything escaped that does not print: control, direction and unpaired characters.

    Example:
        >>> legible("a\x00b\u202egpj.exe")
        'a\\x00b\\u202egpj.exe'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def unreadable(reason: WhyUnreadable, name: str, **values: object) -> UnreadableMedia:
    """Return the refusal for the picture called *name*, ready to be raised.

    Args:
        reason: Why.
        name: The picture's name as given; shown escaped.
        **values: Facts for programs, JSON-serialisable.

    Example:
        >>> unreadable(WhyUnreadable.EMPTY, "a.jpg").happened
        "The picture 'a.jpg' cannot be read: it holds no bytes."
    """
    shown = legible(name)
    subject = f"The picture '{shown}'" if shown else "The picture"
    return UnreadableMedia(
        f"{subject} cannot be read: {reason.sentence}.",
        remedy=reason.remedy,
        reason=reason.value,
        name=shown,
        **values,  # type: ignore[arg-type]
    )
