"""What a file is, by its first bytes: the formats decoded here, those refused by name, and nothing else.

A file's name plays no part. A wrong extension is common and harmless where nothing dispatches on it, and the format
found is recorded in the frame's origin. Of a polyglot (one file that two programs read differently) the first bytes
decide; only pixels made anew come out, so that whatever else the file holds stays behind.
"""

from dataclasses import dataclass

HEAD = 4096
"""How many of a file's first bytes are looked at."""

ALLOWED = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "HEIF")
"""Every format that is decoded, by Pillow's name."""

_AVIF = frozenset((b"avif", b"avis"))
_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_GENERIC = frozenset((b"mif1", b"mif2", b"msf1", b"miaf"))


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first bytes say.

    Attributes:
        format: One of `ALLOWED`, a refused format's name, or empty where nothing is known.
        is_allowed: Whether it may be given to the decoder.
    """

    format: str
    is_allowed: bool


def sniff(data: bytes) -> Sniffed:
    r"""Name the format of *data* by its first bytes.

    Example:
        >>> sniff(b"\xff\xd8\xff\xe0")
        Sniffed(format='JPEG', is_allowed=True)
        >>> sniff(b"%PDF-1.7")
        Sniffed(format='PDF', is_allowed=False)
        >>> sniff(b"hello")
        Sniffed(format='', is_allowed=False)
    """
    head = data[:HEAD]
    allowed = _allowed(head)
    if allowed:
        return Sniffed(allowed, is_allowed=True)
    return Sniffed(_refused(head), is_allowed=False)


def _allowed(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    for magic, name in (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (b"BM", "BMP"),
    ):
        if head.startswith(magic):
            return name
    return ""


def _of_brands(head: bytes) -> str:
    """Tell AVIF from HEIF by the file type box (ISO/IEC 14496-12, 4.3); a video's brands give neither."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    others = {head[at : at + 4] for at in range(16, end - 3, 4)} if major in _GENERIC else set()
    if major in _AVIF or others & _AVIF:
        return "AVIF"
    if major in _HEIF or major in _GENERIC:
        return "HEIF"
    return ""


def _refused(head: bytes) -> str:
    for magic, name in (
        (b"%!PS", "EPS"),
        (b"\xc5\xd0\xd3\xc6", "EPS"),
        (b"8BPS", "PSD"),
        (b"PK\x03\x04", "ZIP"),
        (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\x00\x00\x01\x00", "ICO"),
        (b"\x1a\x45\xdf\xa3", "video"),
        (b"#EXTM3U", "playlist"),
    ):
        if head.startswith(magic):
            return name
    if (head[4:8] == b"ftyp" and len(head) >= 12) or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return "video"
    if b"%PDF-" in head[:1024]:
        return "PDF"
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith(b"<"):
        if b"<svg" in text:
            return "SVG"
        return "HTML" if b"<html" in text or b"<!doctype html" in text or b"<script" in text else "XML"
    return ""
