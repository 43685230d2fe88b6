"""What headers say, read without decoding and never beyond a bound: hostile files claim millions, or go in circles."""

import io
import struct

from lookalike.media.wire import MOST_FRAMES


def count_gif_frames(data: bytes) -> int:
    """Count the image descriptors of a GIF, at least 1; where the blocks break off, what was seen counts.

    Source: GIF89a specification, sections 17 to 26.
    """
    at, frames = 13 + _table_bytes(data[10:11]), 0
    while at < len(data) and frames < MOST_FRAMES:
        match data[at]:
            case 0x21:
                at = _after_blocks(data, at + 2)
            case 0x2C:
                frames += 1
                at = _after_blocks(data, at + 11 + _table_bytes(data[at + 9 : at + 10]))
            case _:
                break
    return max(frames, 1)


def _table_bytes(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def count_tiff_pages(data: bytes) -> int:
    """Count the image directories of a TIFF or BigTIFF, at least 1; a chain that goes in circles ends where it closes.

    Source: TIFF 6.0, section 2; BigTIFF design of libtiff.
    """
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    count_format, entry_bytes, offset_format, at_format = ("Q", 20, "Q", 8) if is_big else ("H", 12, "I", 4)
    stream, seen = io.BytesIO(data), set[int]()
    try:
        (offset,) = struct.unpack_from(order + offset_format, data, at_format)
        while offset and offset not in seen and len(seen) < MOST_FRAMES:
            (entries,) = struct.unpack_from(order + count_format, data, offset)
            seen.add(offset)
            stream.seek(offset + struct.calcsize(count_format) + entries * entry_bytes)
            (offset,) = struct.unpack(order + offset_format, stream.read(struct.calcsize(offset_format)))
    except (struct.error, OverflowError):
        pass
    return max(len(seen), 1)


def webp_size(data: bytes) -> tuple[int, int]:
    r"""Return the canvas of a WebP as its header states it, before anything is allocated; (0, 0) where it does not.

    Example:
        >>> webp_size(b"RIFF0000WEBPVP8X0000" + bytes(4) + b"\x63\x00\x00\x31\x00\x00")
        (100, 50)

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    match data[12:16]:
        case b"VP8X" if len(data) >= 30:
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L" if len(data) >= 25:
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if len(data) >= 30:
            return (
                int.from_bytes(data[26:28], "little") & 0x3FFF,
                int.from_bytes(data[28:30], "little") & 0x3FFF,
            )
        case _:
            return 0, 0
