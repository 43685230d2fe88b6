"""Formats by their first bytes, frames counted within bounds, canvases read."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lookalike.media.formats import ALLOWED, sniff
from lookalike.media.headers import count_gif_frames, count_tiff_pages, webp_size
from lookalike.media.wire import MOST_FRAMES


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"\xc5\xd0\xd3\xc6" + bytes(30), "EPS"),
        (b"8BPS\0\1", "PSD"),
        (b"PK\3\4", "ZIP"),
        (b"%PDF-1.4", "PDF"),
        (b"\n\n%PDF-1.4", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?><!-- x --><svg>", "SVG"),
        ("\ufeff<svg>".encode("utf-16-le"), "SVG"),
        (b"<!DOCTYPE html><p>", "HTML"),
        (b"  <HTML>", "HTML"),
        (b"<?xml version='1.0'?><kml/>", "XML"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "video"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0qt  ", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\x1a\x45\xdf\xa3", "video"),
        (b"#EXTM3U\nfile:///etc/passwd", "playlist"),
        (b"\0\0\1\0\1\0", "ICO"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"\xff\x0a", "JPEG XL"),
        (b"P6 3 3 255", ""),
        (b"\0" * 50, ""),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"", ""),
    ],
)
def test_what_is_not_decoded_is_named_where_known(head: bytes, format_: str) -> None:
    found = sniff(head)
    assert (found.format, found.is_allowed) == (format_, False)


@pytest.mark.parametrize(
    ("brands", "format_"),
    [
        (b"avif\0\0\0\0mif1miaf", "AVIF"),
        (b"mif1\0\0\0\0mif1avif", "AVIF"),
        (b"heic\0\0\0\0mif1heic", "HEIF"),
        (b"mif1\0\0\0\0mif1heic", "HEIF"),
        (b"msf1\0\0\0\0hevc", "HEIF"),
    ],
)
def test_brands_tell_avif_from_heic(brands: bytes, format_: str) -> None:
    data = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + b"avif" * 10
    assert sniff(data).format == format_


@given(st.binary(max_size=80))
def test_sniffing_takes_any_bytes(data: bytes) -> None:
    found = sniff(data)
    assert found.is_allowed == (found.format in ALLOWED)


@given(st.binary(max_size=300))
def test_counting_takes_any_bytes(data: bytes) -> None:
    for head in (b"", b"GIF89a", b"II*\0", b"MM\0+\0\x08\0\0", b"RIFF\0\0\0\0WEBPVP8L"):
        assert 1 <= count_gif_frames(head + data) <= MOST_FRAMES
        assert 1 <= count_tiff_pages(head + data) <= MOST_FRAMES
        assert min(webp_size(head + data)) >= 0


def test_a_gif_of_many_frames_is_counted_up_to_the_bound() -> None:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    assert count_gif_frames(head + frame * 7 + b";") == 7
    assert count_gif_frames(head + b"\x21\xfe\x03abc\x00" + frame * 2) == 2
    assert count_gif_frames(head + frame * (MOST_FRAMES + 5) + b";") == MOST_FRAMES


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_that_goes_in_circles_is_counted_once_around(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "HI", 0, 14)
    second = struct.pack(order + "HI", 0, 8)
    assert count_tiff_pages(mark + struct.pack(order + "I", 8) + first + second) == 2


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"save_all": True, "exif": b"Exif\0\0"}])
def test_the_canvas_of_a_webp_is_read_as_pillow_reads_it(options: dict[str, object]) -> None:
    target = io.BytesIO()
    Image.effect_noise((301, 77), 40).convert("RGB").save(target, "WEBP", **options)
    assert webp_size(target.getvalue()) == (301, 77)
