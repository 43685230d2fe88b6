"""The decoder on well-formed pictures: formats, orientation, colour, size, threads, limits."""

import concurrent.futures
import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from lookalike.domain.errors import InvalidInput, Unavailable, UnreadableMedia
from lookalike.domain.frames import Frame, Pixels
from lookalike.domain.geometry import Box, to_stored
from lookalike.media import Decoder, MediaLimits, SandboxState, WhyUnreadable, encode_jpeg, sandbox_state

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "HEIF")


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    pillow_heif.register_heif_opener()
    with Decoder() as decoder:
        yield decoder


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Four colours, one a quarter, in a picture that is not square: no turn or flip leaves it as it is."""
    picture = Image.new("RGB", (width, height), (220, 40, 40))
    picture.paste((40, 200, 40), (width // 2, 0, width, height // 2))
    picture.paste((40, 40, 220), (0, height // 2, width // 2, height))
    picture.paste((230, 230, 60), (width // 2, height // 2, width, height))
    return picture


def saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, format_, **options)
    return target.getvalue()


def why(decoder: Decoder, data: bytes, **options: object) -> WhyUnreadable:
    with pytest.raises(UnreadableMedia) as caught:
        decoder.decode(data, **options)  # type: ignore[arg-type]
    return WhyUnreadable(str(caught.value.values["reason"]))


def patch(pixels: Pixels, box: Box) -> list[float]:
    """Mean colour of the middle of *box*."""
    x, y, w, h = box.x + box.width / 4, box.y + box.height / 4, box.width / 2, box.height / 2
    part = pixels[round(y) : round(y + h), round(x) : round(x + w)]
    return [float(value) for value in part.reshape(-1, 3).mean(axis=0)]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_its_pixels(decoder: Decoder, format_: str) -> None:
    frame = decoder.decode(saved(quarters(), format_), name=f"picture.{format_}")
    assert frame.origin.format == format_
    assert (frame.width, frame.height) == (96, 64) == (frame.origin.stored_width, frame.origin.stored_height)
    assert (frame.origin.orientation, frame.origin.frame_count, frame.origin.reduction) == (1, 1, 1)
    difference = np.abs(frame.pixels.astype(int) - np.asarray(quarters()).astype(int))
    assert difference.mean() < 6
    assert not frame.pixels.flags.writeable


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_map_back_on_both_axes_for_every_orientation(decoder: Decoder, format_: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = quarters()
    frame = decoder.decode(saved(stored, format_, exif=exif))
    assert frame.origin.orientation == orientation
    assert (frame.origin.stored_width, frame.origin.stored_height) == (96, 64)
    assert (frame.width, frame.height) == ((64, 96) if orientation >= 5 else (96, 64)) == frame.origin.upright_size
    original = np.asarray(stored)
    w, h = frame.width / 2, frame.height / 2
    for box in (Box(0, 0, w, h), Box(w, 0, w, h), Box(0, h, w, h), Box(w, h, w, h)):
        there = to_stored(box, orientation=orientation, width=96, height=64)
        assert patch(frame.pixels, box) == pytest.approx(patch(original, there), abs=8)


def test_orientation_six_is_a_quarter_turn_clockwise(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    frame = decoder.decode(saved(quarters(), "PNG", exif=exif))
    assert np.array_equal(frame.pixels, np.rot90(np.asarray(quarters()), k=-1))


def test_orientation_and_reduction_together(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    frame = decoder.decode(saved(quarters(960, 640), "JPEG", exif=exif), side=240)
    assert (frame.width, frame.height) == (160, 240)
    assert frame.origin.reduction == 4
    assert frame.scale == pytest.approx(0.25)
    assert patch(frame.pixels, Box(0, 0, 80, 120)) == pytest.approx((40, 200, 40), abs=8)


@pytest.mark.parametrize("value", [0, 9, 4711])
def test_orientation_out_of_range_is_none(decoder: Decoder, value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert decoder.decode(saved(quarters(), "JPEG", exif=exif)).origin.orientation == 1


def test_the_transformation_of_a_heic_is_applied_once(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(quarters(), "HEIF", exif=exif.tobytes())
    assert b"irot" in turned
    frame = decoder.decode(turned)
    assert (frame.width, frame.height) == (64, 96) == frame.origin.upright_size
    assert patch(frame.pixels, Box(0, 0, 32, 48)) == pytest.approx((40, 40, 220), abs=12)


def test_the_exif_orientation_of_a_heic_is_a_remark(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = saved(quarters(), "HEIF", exif=exif)
    assert b"irot" not in lying
    assert decoder.decode(lying).width == 96


@pytest.mark.parametrize(
    ("width", "side", "reduction"),
    [(1000, 1920, 1), (1000, 1000, 1), (1000, 501, 1), (1000, 500, 2), (1000, 250, 4), (1001, 125, 8), (3000, 100, 8)],
)
def test_the_reduction_is_a_function_of_the_picture(decoder: Decoder, width: int, side: int, reduction: int) -> None:
    frame = decoder.decode(saved(quarters(width, 600), "JPEG"), side=side)
    assert (frame.width, frame.origin.reduction) == (min(width, side), reduction)
    assert frame.height == round(600 * frame.width / width)


def test_reduction_keeps_its_place_on_both_axes(decoder: Decoder) -> None:
    for format_ in ("JPEG", "PNG"):
        frame = decoder.decode(saved(quarters(1203, 807), format_), side=300)
        red, blue = frame.pixels[..., 0].astype(int), frame.pixels[..., 2].astype(int)
        across, down = red[20] - frame.pixels[20, :, 1], blue[:, 20] - red[:, 20]
        assert abs(int(np.argmax(across < 0)) - 150) <= 1
        assert abs(int(np.argmax(down > 0)) - 100) <= 1


def test_the_same_bytes_give_the_same_pixels(decoder: Decoder) -> None:
    data = saved(Image.effect_noise((2500, 1700), 60).convert("RGB"), "JPEG")
    first = decoder.decode(data)
    decoder.decode(saved(quarters(), "PNG"))
    with Decoder(MediaLimits(files=1), children=2) as other, concurrent.futures.ThreadPoolExecutor(2) as threads:
        frames = list(threads.map(lambda _: other.decode(data), range(4)))
    assert all(np.array_equal(frame.pixels, first.pixels) and frame.origin == first.origin for frame in frames)


def test_threads_get_their_own_pictures() -> None:
    pictures = [saved(Image.new("RGB", (40 + n, 30), (n * 9, 255 - n * 9, n)), "PNG") for n in range(24)]
    with Decoder(MediaLimits(files=5), children=2) as decoder, concurrent.futures.ThreadPoolExecutor(6) as threads:
        frames = list(threads.map(decoder.decode, pictures * 3))
    for n, frame in enumerate(frames):
        assert frame.width == 40 + n % 24
        assert frame.pixels[3, 3].tolist() == [n % 24 * 9, 255 - n % 24 * 9, n % 24]


def test_a_frame_stays_when_the_next_is_decoded(decoder: Decoder) -> None:
    first = decoder.decode(saved(Image.new("RGB", (50, 50), "red"), "PNG"))
    decoder.decode(saved(Image.new("RGB", (50, 50), "blue"), "PNG"))
    assert first.pixels[10, 10].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("mode", "colour", "format_", "expected"),
    [
        ("1", 255, "PNG", (255, 255, 255)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("LA", (0, 0), "PNG", (255, 255, 255)),
        ("RGBA", (255, 0, 0, 128), "PNG", (255, 127, 127)),
        ("RGBA", (9, 9, 9, 0), "WEBP", (255, 255, 255)),
        ("P", 3, "GIF", None),
        ("I;16", 0x8000, "PNG", (128, 128, 128)),
        ("I;16", 0xFFFF, "TIFF", (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), "JPEG", (255, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "TIFF", (255, 0, 0)),
        ("YCbCr", (76, 85, 255), "TIFF", (254, 0, 0)),
    ],
)
def test_every_mode_becomes_rgb(
    decoder: Decoder, mode: str, colour: int, format_: str, expected: tuple[int, int, int] | None
) -> None:
    picture = Image.new(mode, (20, 10), colour)
    expected = expected or picture.convert("RGB").getpixel((0, 0))  # type: ignore[assignment]
    frame = decoder.decode(saved(picture, format_))
    assert frame.pixels[5, 5].tolist() == pytest.approx(expected, abs=3)
    assert frame.origin.colour == "assumed"


def test_transparency_is_laid_on_white_when_reduced_too(decoder: Decoder) -> None:
    picture = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    picture.paste((200, 30, 30, 255), (0, 0, 200, 200))
    frame = decoder.decode(saved(picture, "PNG"), side=100)
    assert frame.pixels[25, 10].tolist() == [200, 30, 30]
    assert frame.pixels[25, 90].tolist() == [255, 255, 255]


def test_a_transparent_palette_colour_is_white(decoder: Decoder) -> None:
    picture = quarters().quantize(8)
    index = picture.getpixel((0, 0))
    frame = decoder.decode(saved(picture, "PNG", transparency=index))
    assert frame.pixels[2, 2].tolist() == [255, 255, 255]
    assert frame.pixels[60, 90].tolist() == pytest.approx((230, 230, 60), abs=3)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_an_appearance_are_refused(decoder: Decoder, mode: str) -> None:
    assert why(decoder, saved(Image.new(mode, (9, 9), 70000), "TIFF")) is WhyUnreadable.UNSUPPORTED_PIXELS


def exchanging_profile() -> bytes:
    """An RGB profile far from sRGB: sRGB's own, with red and blue exchanged in its tag table."""
    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = plain.index(b"rXYZ"), plain.index(b"bXYZ")
    plain[red : red + 4], plain[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(plain)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_a_profile_is_applied(decoder: Decoder, format_: str) -> None:
    frame = decoder.decode(saved(Image.new("RGB", (64, 64), (250, 20, 20)), format_, icc_profile=exchanging_profile()))
    assert frame.origin.colour == "converted"
    assert frame.pixels[32, 32].tolist() == pytest.approx((20, 20, 250), abs=14)


def test_an_srgb_profile_changes_nothing(decoder: Decoder) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = decoder.decode(saved(quarters(), "PNG", icc_profile=profile))
    assert frame.origin.colour == "srgb"
    assert np.array_equal(frame.pixels, np.asarray(quarters()))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("spoiled", ["junk", "cut", "of another space"])
def test_an_unusable_profile_is_recorded_and_passed_over(decoder: Decoder, mode: str, spoiled: str) -> None:
    whole = ImageCms.ImageCmsProfile(
        ImageCms.createProfile("LAB" if spoiled == "of another space" else "sRGB")
    ).tobytes()
    profile = {"junk": b"\xff" * 300, "cut": whole[:200], "of another space": whole}[spoiled]
    picture = Image.new(mode, (30, 20), 0 if mode == "CMYK" else "white")
    frame = decoder.decode(saved(picture, "JPEG", icc_profile=profile))
    assert frame.origin.colour == "broken-profile"
    assert frame.pixels.min() >= 250


def test_a_profile_for_colour_serves_grey_too(decoder: Decoder) -> None:
    frame = decoder.decode(saved(Image.new("L", (30, 20), 90), "JPEG", icc_profile=exchanging_profile()))
    assert frame.origin.colour == "converted"


def many(format_: str, count: int, **options: object) -> bytes:
    pictures = [Image.effect_noise((40, 30), 90 + n).convert("RGB") for n in range(count - 1)]
    return saved(quarters(40, 30), format_, save_all=True, append_images=pictures, **options)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "TIFF", "AVIF", "PNG", "MPO"])
def test_the_first_of_many_is_decoded_and_all_are_counted(decoder: Decoder, format_: str) -> None:
    frame = decoder.decode(many(format_, 5))
    assert frame.origin.frame_count == 5
    assert frame.origin.format == ("JPEG" if format_ == "MPO" else format_)
    assert patch(frame.pixels, Box(0, 0, 20, 15)) == pytest.approx((220, 40, 40), abs=12)


def test_refusals_that_need_no_decoder() -> None:
    with Decoder(MediaLimits(bytes=1000)) as decoder:
        assert why(decoder, b"") is WhyUnreadable.EMPTY
        assert why(decoder, b"\xff\xd8\xff" + bytes(998)) is WhyUnreadable.TOO_MANY_BYTES
        assert why(decoder, b"no picture") is WhyUnreadable.UNKNOWN_FORMAT
        assert why(decoder, b"%PDF-1.7\n") is WhyUnreadable.REFUSED_FORMAT
        for side in (0, -1, 65_536):
            with pytest.raises(InvalidInput):
                decoder.decode(b"\xff\xd8\xff", side=side)
        assert decoder._places.get() is None, "no process was started"
        decoder._places.put(None)


def test_pixels_and_sides_are_limited_by_the_header() -> None:
    with Decoder(MediaLimits(pixels=6_000, side=200)) as decoder:
        for format_ in FORMATS:
            assert decoder.decode(saved(Image.new("RGB", (100, 60)), format_)).width == 100
            assert why(decoder, saved(Image.new("RGB", (100, 62)), format_)) is WhyUnreadable.TOO_MANY_PIXELS
            assert why(decoder, saved(Image.new("RGB", (220, 20)), format_)) is WhyUnreadable.TOO_MANY_PIXELS
        with pytest.raises(UnreadableMedia) as caught:
            decoder.decode(saved(Image.new("RGB", (100, 61)), "PNG"))
        assert (caught.value.values["width"], caught.value.values["height"]) == (100, 61)


@pytest.mark.parametrize(
    "limits",
    [{"pixels": 400_000_001}, {"side": 65_536}, {"bytes": 0}, {"seconds": 0.0}, {"files": 0}, {"memory": 200_000_001}],
)
def test_impossible_limits_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        MediaLimits(**limits)


def test_a_decoder_needs_a_process() -> None:
    with pytest.raises(InvalidInput):
        Decoder(children=0)


def test_a_closed_decoder_says_so() -> None:
    decoder = Decoder()
    decoder.decode(encode_jpeg(np.zeros((4, 4, 3), np.uint8)))
    decoder.close()
    decoder.close()
    with pytest.raises(Unavailable):
        decoder.decode(encode_jpeg(np.zeros((4, 4, 3), np.uint8)))


def child_of(decoder: Decoder) -> tuple[int, int]:
    """The process ids of the nursery and of the child that waits for a picture."""
    process = decoder._places.get()
    decoder._places.put(process)
    assert process is not None
    assert process.is_ready()
    for _ in range(1000):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        if children:
            return process.pid, int(children[0])
    raise AssertionError


def test_closing_leaves_no_process() -> None:
    with Decoder() as decoder:
        decoder.decode(encode_jpeg(np.zeros((4, 4, 3), np.uint8)))
        nursery, child = child_of(decoder)
    assert not Path(f"/proc/{nursery}").exists()
    for _ in range(500):  # its end was ordered; whoever adopted it may take a moment to bury it
        try:
            if "State:\tZ" in Path(f"/proc/{child}/status").read_text(encoding="ascii"):
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    pytest.fail("the child outlived its decoder")


def test_a_child_is_replaced_after_an_error_and_after_its_share() -> None:
    good, bad = saved(quarters(), "PNG"), saved(quarters(), "PNG")[:-60]
    with Decoder(MediaLimits(files=3)) as decoder:
        decoder.decode(good)
        nursery, first = child_of(decoder)
        decoder.decode(good)
        assert child_of(decoder) == (nursery, first)
        decoder.decode(good)
        _, second = child_of(decoder)
        assert second != first
        assert why(decoder, bad) is WhyUnreadable.TRUNCATED
        same_nursery, third = child_of(decoder)
        assert same_nursery == nursery
        assert third != second


@pytest.mark.parametrize("which", [0, 1])
def test_a_process_killed_while_idle_costs_no_picture(which: int) -> None:
    data = saved(quarters(), "PNG")
    with Decoder() as decoder:
        decoder.decode(data)
        os.kill(child_of(decoder)[which], signal.SIGKILL)
        assert decoder.decode(data).width == 96


def test_a_child_that_stands_still_is_ended() -> None:
    data = saved(quarters(), "PNG")
    with Decoder(MediaLimits(seconds=0.3)) as decoder:
        decoder.decode(data)
        os.kill(child_of(decoder)[1], signal.SIGSTOP)
        assert why(decoder, data) is WhyUnreadable.TOO_SLOW
        assert decoder.decode(data).width == 96


def test_a_picture_that_takes_too_long_is_refused() -> None:
    data = saved(Image.effect_noise((3000, 3000), 90), "PNG", compress_level=1)
    with Decoder(MediaLimits(seconds=0.02)) as decoder:
        assert why(decoder, data) is WhyUnreadable.TOO_SLOW


def test_too_much_memory_is_a_reason_of_its_own() -> None:
    picture = Image.new("RGB", (5000, 5000))
    with Decoder(MediaLimits(bytes=8_000_000, memory=40_000_000)) as decoder:
        for format_, options in (("PNG", {}), ("WEBP", {}), ("TIFF", {"compression": "tiff_lzw"})):
            assert why(decoder, saved(picture, format_, **options)) is WhyUnreadable.TOO_MUCH_MEMORY
        assert why(decoder, saved(picture, "JPEG", progressive=True)) is WhyUnreadable.TOO_MUCH_MEMORY
        assert decoder.decode(saved(picture, "JPEG"), side=600).origin.reduction == 8


def test_the_child_holds_what_it_was_given_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKALIKE_TEST_SECRET", "never-handed-on")
    with Decoder(MediaLimits(memory=321_000_000, bytes=1_000_000)) as decoder:
        decoder.decode(saved(quarters(), "PNG"))
        _, child = child_of(decoder)
        folder = Path(f"/proc/{child}")
        limits = (folder / "limits").read_text(encoding="ascii")
        status = (folder / "status").read_text(encoding="ascii")
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        size = int(status.split("VmSize:")[1].split()[0]) * 1024
        rows = {row[:25].strip(): row[26:46].strip() for row in limits.splitlines()}
        assert abs(int(rows["Max address space"]) - size - 321_000_000) < 30_000_000
        assert rows["Max core file size"] == rows["Max file size"] == rows["Max open files"] == "0"
        assert rows["Max cpu time"] == "16"
        if os.geteuid() == 0:
            assert b"never-handed-on" not in (folder / "environ").read_bytes()
            assert sum(1 for _ in (folder / "fd").iterdir()) <= 4


def test_heic_is_refused_without_landlock_and_others_are_not() -> None:
    heic = saved(quarters(), "HEIF")
    with Decoder(probe=lambda: SandboxState(landlock_abi=0, seccomp=True)) as decoder:
        assert decoder.sandbox.files == "closed by seccomp alone"
        assert why(decoder, heic) is WhyUnreadable.NO_SANDBOX
        assert decoder.decode(saved(quarters(), "AVIF")).width == 96
    with Decoder(probe=lambda: SandboxState(landlock_abi=sandbox_state().landlock_abi, seccomp=False)) as decoder:
        assert why(decoder, heic) is WhyUnreadable.NO_SANDBOX
        # Whatever was not loaded beforehand would fail to load now, and not be taken for a missing module.
        for format_ in FORMATS[:-1]:
            assert decoder.decode(saved(quarters(), format_)).origin.format == format_


def test_names_are_shown_escaped_and_decide_nothing(decoder: Decoder) -> None:
    data = saved(quarters(), "JPEG")
    for name in ("wrong.png", "page.html", "a\x00b.exe", "../../etc/passwd", "=cmd()", "\u202egpj.exe", "\udcff"):
        assert decoder.decode(data, name=name).origin.format == "JPEG"
        with pytest.raises(UnreadableMedia) as caught:
            decoder.decode(b"", name=name)
        shown = str(caught.value.values["name"])
        assert shown.isprintable()
        assert shown.encode()
        assert shown in caught.value.happened


def test_encoding_is_repeatable_and_bare() -> None:
    pixels: Pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    data = encode_jpeg(pixels, quality=90)
    assert data == encode_jpeg(pixels.copy(), quality=90)
    assert len(encode_jpeg(pixels, quality=40)) < len(data)
    assert set(Image.open(io.BytesIO(data)).info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for wrong in (pixels[..., 0], pixels.astype(np.float32), pixels[:0]):
        with pytest.raises(InvalidInput):
            encode_jpeg(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        encode_jpeg(pixels, quality=96)


@pytest.mark.faces
def test_real_photographs_are_decoded_as_pillow_decodes_them(decoder: Decoder, data_folder: Path) -> None:
    files = sorted((data_folder / "lfw_half").glob("*/*.jpg"))[:40]
    assert files
    for file in files:
        frame: Frame = decoder.decode(file.read_bytes(), name=file.name)
        with Image.open(file) as picture:
            assert np.array_equal(frame.pixels, np.asarray(picture.convert("RGB")))
