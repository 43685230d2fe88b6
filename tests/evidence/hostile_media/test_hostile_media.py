"""Hostile media: every file is generated here, given to one decoder, and must end as a frame or a named refusal.

What is shown: the parent never crashes and never hangs, the decoder works after each file, its memory is capped, and
honest but extreme pictures (100 megapixels, one pixel high) are decoded.
"""

import io
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from lookalike.domain.errors import UnreadableMedia
from lookalike.domain.frames import Frame
from lookalike.media import Decoder, MediaLimits, WhyUnreadable

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "HEIF")
DAMAGE = {WhyUnreadable.TRUNCATED, WhyUnreadable.BROKEN, WhyUnreadable.UNKNOWN_FORMAT}
SECONDS = 10.0


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(MediaLimits(seconds=SECONDS)) as decoder:
        yield decoder


def saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    target = io.BytesIO()
    picture.save(target, format_, **options)
    return target.getvalue()


def picture(width: int = 60, height: int = 40) -> Image.Image:
    across = Image.linear_gradient("L").resize((width, height))
    down = across.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


HONEST = saved(picture(), "PNG")


def outcome(decoder: Decoder, data: bytes) -> Frame | WhyUnreadable:
    """Decode *data*; then hold that it took no longer than allowed, and that the next picture is decoded as ever."""
    start = time.monotonic()
    result: Frame | WhyUnreadable
    try:
        result = decoder.decode(data, name="hostile")
    except UnreadableMedia as refusal:
        result = WhyUnreadable(str(refusal.values["reason"]))
    assert time.monotonic() - start < 2 * SECONDS + 5, "twice: a dead decoder is tried once more"
    assert np.array_equal(decoder.decode(HONEST).pixels, np.asarray(picture()))
    return result


def frame(decoder: Decoder, data: bytes) -> Frame:
    result = outcome(decoder, data)
    assert isinstance(result, Frame), result
    return result


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *extra: bytes, rows: int = 1) -> bytes:
    """A grey PNG whose header may say more than its data hold."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(width + 1) * rows if width < 10**6 else b"\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + body + chunk(b"IEND", b"")


def after_soi(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """*jpeg* with a segment of *marker* placed first."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + jpeg[2:]


@pytest.mark.parametrize("format_", FORMATS)
def test_truncated_anywhere(decoder: Decoder, format_: str) -> None:
    data = saved(picture(), format_)
    cuts = sorted({*range(1, 16), *(len(data) * n // 24 for n in range(1, 24)), len(data) - 1})
    results = [outcome(decoder, data[:cut]) for cut in cuts]
    assert all(isinstance(result, Frame) or result in DAMAGE for result in results), results
    assert any(result in DAMAGE for result in results[15:])


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP", "GIF"])
def test_half_a_picture_is_called_truncated(decoder: Decoder, format_: str) -> None:
    data = saved(Image.effect_noise((200, 200), 80), format_)
    assert outcome(decoder, data[: len(data) // 2]) is WhyUnreadable.TRUNCATED


def test_polyglots_give_the_first_format_or_nothing(decoder: Decoder) -> None:
    jpeg = saved(picture(), "JPEG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("../../evil.sh", "rm -rf /")
    plain = frame(decoder, jpeg).pixels
    both = frame(decoder, jpeg + archive.getvalue())
    assert both.origin.format == "JPEG"
    assert np.array_equal(both.pixels, plain)
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"
    assert np.array_equal(frame(decoder, after_soi(jpeg, 0xFE, pdf)).pixels, plain)
    assert outcome(decoder, pdf + jpeg) is WhyUnreadable.REFUSED_FORMAT
    assert outcome(decoder, archive.getvalue() + jpeg) is WhyUnreadable.REFUSED_FORMAT
    script = b"*/=1;alert(document.cookie)/*"
    gif = saved(picture().quantize(16), "GIF")
    assert isinstance(outcome(decoder, gif + script), Frame)
    assert outcome(decoder, b"GIF89a/*" + script) in DAMAGE | {WhyUnreadable.TOO_MANY_PIXELS}
    page = PngImagePlugin.PngInfo()
    page.add_text("Comment", "<html><script>alert(1)</script>")
    assert isinstance(outcome(decoder, saved(picture(), "PNG", pnginfo=page)), Frame)


@pytest.mark.parametrize(
    ("format_", "data"),
    [
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
        ("SVG", b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><svg>&b;</svg>"),
        ("HTML", b"<!DOCTYPE html><html><img src=x onerror=alert(1)>"),
        ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n"),
        ("EPS", b"\xc5\xd0\xd3\xc6" + bytes(28) + b"%!PS"),
        ("PSD", b"8BPS\0\1" + bytes(40)),
        ("playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
    ],
)
def test_formats_that_carry_programs_or_addresses_are_refused(decoder: Decoder, format_: str, data: bytes) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        decoder.decode(data, name="innocent.jpg")
    assert (caught.value.values["reason"], caught.value.values["format"]) == ("refused-format", format_)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\xff", b"BM", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"II*\0", b"\xff\xd8\xff"]
)
def test_hardly_any_bytes(decoder: Decoder, data: bytes) -> None:
    assert outcome(decoder, data) in DAMAGE | {WhyUnreadable.EMPTY}


def test_headers_that_promise_too_much(decoder: Decoder) -> None:
    jpeg = bytearray(saved(picture(), "JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    webp = bytearray(saved(picture(), "WEBP", xmp=b"<x/>"))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = b"\xff\x3f\0\xff\x3f\0"
    bmp = bytearray(saved(picture(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    gif = bytearray(saved(picture().quantize(16), "GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    tiff = bytearray(saved(picture(), "TIFF"))
    for tag in (256, 257):
        entry = tiff.index(struct.pack("<HHI", tag, 4, 1))
        tiff[entry + 8 : entry + 12] = struct.pack("<I", 60_000)
    for data in (png(65_535, 65_535), png(2**31 - 1, 1), png(65_536, 1), jpeg, webp, bmp, gif, tiff):
        assert outcome(decoder, bytes(data)) is WhyUnreadable.TOO_MANY_PIXELS


def test_small_files_that_unpack_to_much(decoder: Decoder) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(10**7)) for _ in range(30)) + packer.flush()
    assert len(bomb) < 2_000_000
    for extra in (
        chunk(b"iCCP", b"x\0\0" + bomb),
        chunk(b"zTXt", b"x\0\0" + bomb),
        chunk(b"iTXt", b"x\0\1\0\0\0" + bomb),
    ):
        result = outcome(decoder, png(9, 9, extra, rows=9))
        assert isinstance(result, Frame) or result in DAMAGE | {WhyUnreadable.TOO_MUCH_MEMORY}
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    overfull = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    assert frame(decoder, overfull).width == 9


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP"])
def test_long_and_one_pixel_high_is_a_picture(decoder: Decoder, format_: str) -> None:
    for size, expected in (((65_500, 1), (1920, 1)), ((1, 65_500), (1, 1920))):
        result = frame(decoder, saved(Image.new("RGB", size, (200, 100, 50)), format_))
        assert (result.width, result.height) == expected
        assert (result.origin.stored_width, result.origin.stored_height) == size
        assert result.pixels[0, 0].tolist() == pytest.approx((200, 100, 50), abs=3)


@pytest.mark.parametrize(("format_", "mode"), [("JPEG", "RGB"), ("PNG", "RGB")])
def test_a_hundred_megapixels_are_a_picture(decoder: Decoder, format_: str, mode: str) -> None:
    whole = Image.new(mode, (10_000, 10_000), "white")
    whole.paste("black", (5_000, 0, 10_000, 5_000))
    result = frame(decoder, saved(whole, format_, **({"compress_level": 1} if format_ == "PNG" else {})))
    assert (result.width, result.height, result.origin.stored_width) == (1920, 1920, 10_000)
    assert [int(result.pixels[y, x, 0]) for y, x in ((400, 400), (400, 1500), (1500, 400), (1500, 1500))] == [
        *(255, 0),
        *(255, 255),
    ]


def looping_exif() -> bytes:
    """Directories that name themselves: the next one, the EXIF one and the GPS one are all the first one."""
    entries = [(0x0112, 3, 1, 6 << 16), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)]
    packed = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(entries)) + packed + struct.pack(">I", 8)


def test_exif_that_goes_in_circles_is_read_once(decoder: Decoder) -> None:
    jpeg = after_soi(saved(picture(), "JPEG"), 0xE1, looping_exif())
    assert frame(decoder, jpeg).origin.orientation == 6
    assert frame(decoder, png(9, 9, chunk(b"eXIf", looping_exif()[6:]), rows=9)).origin.orientation == 6


@pytest.mark.parametrize(
    "block", [b"", b"\0" * 40, b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff" + bytes(30), b"II*\0" * 2000]
)
def test_broken_exif_leaves_the_picture_readable(decoder: Decoder, block: bytes) -> None:
    for data in (
        after_soi(saved(picture(), "JPEG"), 0xE1, b"Exif\0\0" + block),
        saved(picture(), "WEBP", exif=b"Exif\0\0" + block),
        png(9, 9, chunk(b"eXIf", block), rows=9),
    ):
        assert frame(decoder, data).origin.orientation == 1


def test_billion_laughs_are_not_expanded(decoder: Decoder) -> None:
    entities = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10 if n else 'lol'}'>" for n in range(12))
    xmp = f"<?xpacket?><!DOCTYPE x [{entities}]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&l11;</x:xmpmeta>".encode()
    jpeg = after_soi(saved(picture(), "JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    note = PngImagePlugin.PngInfo()
    note.add_itxt("XML:com.adobe.xmp", xmp.decode())
    for data in (
        jpeg,
        saved(picture(), "PNG", pnginfo=note),
        saved(picture(), "WEBP", xmp=xmp),
        saved(picture(), "TIFF", tiffinfo={700: xmp}),
        saved(picture(), "AVIF", xmp=xmp),
        saved(picture(), "HEIF", xmp=xmp),
    ):
        assert frame(decoder, data).width == 60


def test_tiff_tricks(decoder: Decoder) -> None:
    pages = [picture(), picture().rotate(180), picture()]
    book = bytearray(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert frame(decoder, bytes(book)).origin.frame_count == 3
    (first,) = struct.unpack_from("<I", book, 4)
    (count,) = struct.unpack_from("<H", book, first)
    book[first + 2 + count * 12 : first + 6 + count * 12] = struct.pack("<I", first)
    assert frame(decoder, bytes(book)).origin.frame_count == 1
    book[4:8] = struct.pack("<I", 2**32 - 2)
    assert outcome(decoder, bytes(book)) in DAMAGE
    whole = saved(picture(), "TIFF")
    for tag in (273, 278, 279, 258, 277, 259):  # strip places, rows, lengths; bits; samples; compression
        for value in (0, 0xFFFF, 2**32 - 1):
            spoiled = bytearray(whole)
            (directory,) = struct.unpack_from("<I", spoiled, 4)
            for at in range(directory + 2, directory + 2 + 12 * spoiled[directory], 12):
                if struct.unpack_from("<H", spoiled, at)[0] == tag:
                    spoiled[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
            outcome(decoder, bytes(spoiled))


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + kind + payload


def test_heic_tricks(decoder: Decoder) -> None:
    heic = saved(picture(), "HEIF")
    brand = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    huge = heic.replace(
        b"ispe\0\0\0\0" + struct.pack(">II", 64, 64), b"ispe\0\0\0\0" + struct.pack(">II", 2**31, 2**31)
    )
    nested = b""
    for _ in range(2000):
        nested = box(b"meta", b"\0\0\0\0" + nested)
    for data in (
        brand,
        brand + bytes(100),
        brand + box(b"meta", b"\0\0\0\0"),
        brand + nested,
        brand + struct.pack(">I", 2**32 - 1) + b"meta" + bytes(50),
        brand + struct.pack(">I4sQ", 1, b"meta", 2**63) + bytes(50),
        brand + struct.pack(">I4s", 0, b"meta") * 50,
        heic.replace(b"hvc1", b"grid"),
        heic.replace(b"iloc", b"ilo0"),
    ):
        assert outcome(decoder, data) in DAMAGE | {WhyUnreadable.DECODER_DIED}
    assert huge != heic
    for data in (huge, heic.replace(b"mdat", b"free")):
        outcome(decoder, data)
    avif = saved(picture(), "AVIF")
    outcome(decoder, avif.replace(b"ftypavif", b"ftypheic"))
    outcome(decoder, heic.replace(b"ftypheic", b"ftypavif"))


def test_gif_and_bmp_tricks(decoder: Decoder) -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + bytes(6)
    beyond = head + b"\x2c" + struct.pack("<HHHHB", 60_000, 60_000, 5_000, 5_000, 0) + b"\x02\x02\x44\x01\x00;"
    endless = head + b"\x21\xff" + b"\x01a" * 200_000
    for data in (head + b";", beyond, endless, head + b"\x2c" * 5000):
        outcome(decoder, data)
    bmp = saved(picture(), "BMP")
    for at in range(10, 54, 2):
        for value in (b"\xff\xff", b"\0\0", b"\xff\x7f"):
            outcome(decoder, bmp[:at] + value + bmp[at + 2 :])


def test_a_jpeg_of_a_thousand_scans_ends_in_time() -> None:
    data = saved(Image.new("L", (6000, 6000), 77), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    scan = data[at:-2]
    with Decoder(MediaLimits(seconds=1.0)) as decoder:
        start = time.monotonic()
        assert outcome(decoder, data[:at] + scan * 1_000 + b"\xff\xd9") is WhyUnreadable.TOO_SLOW
        assert time.monotonic() - start < 10


SEEDS = {
    **{format_: saved(picture(), format_) for format_ in FORMATS},
    "palette": saved(picture().quantize(16), "PNG", transparency=1),
    "animated": saved(picture(), "WEBP", save_all=True, append_images=[picture().rotate(180)]),
    "lzw": saved(picture(), "TIFF", compression="tiff_lzw"),
    "jpeg-in-tiff": saved(picture(), "TIFF", compression="jpeg"),
    "cmyk": saved(picture().convert("CMYK"), "JPEG", icc_profile=bytes(range(256)), exif=looping_exif()),
    "progressive": saved(picture(), "JPEG", progressive=True),
    "sixteen": saved(Image.new("I;16", (30, 20), 999), "PNG"),
}
EDIT = st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4), st.booleans())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SEEDS)), st.lists(EDIT, min_size=1, max_size=6), st.floats(0.1, 1))
def test_mutations_never_reach_the_parent(
    decoder: Decoder, seed: str, edits: list[tuple[float, bytes, bool]], kept: float
) -> None:
    data = bytearray(SEEDS[seed])
    for place, octets, inserts in edits:
        at = int(place * len(data))
        data[at : at + (0 if inserts else len(octets))] = octets
    if kept < 0.4:  # most are left whole, so that the damage is met deep inside
        data = data[: int(len(data) * (kept + 0.3))]
    result = outcome(decoder, bytes(data))
    assert isinstance(result, Frame) or result in WhyUnreadable


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SEEDS)), st.binary(max_size=400))
def test_junk_behind_a_real_beginning_never_reaches_the_parent(decoder: Decoder, seed: str, junk: bytes) -> None:
    outcome(decoder, SEEDS[seed][:24] + junk)


def test_no_decoder_took_more_than_its_share() -> None:
    """The largest resident set of all processes that ended so far; the limit is on address space, hence stricter."""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MediaLimits().memory + 200_000_000
