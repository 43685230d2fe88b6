"""What the sandbox costs: the same decoding in the child and in this process, in one run, as ratios.

Run: taskset -c 0 .venv/bin/python benchmarks/media.py [--rounds 15]
     .venv/bin/python benchmarks/media.py --mutations 20000      damaged files instead: how each one ended
"""

import argparse
import collections
import io
import os
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import PIL
import pillow_heif
from PIL import Image, ImageFilter

from lookalike.domain.errors import UnreadableMedia
from lookalike.media import Decoder, MediaLimits, sandbox_state
from lookalike.media.picture import Bounds, decode

BOUNDS = Bounds(150_000_000, 65_535, 2_000_000_000)


def photograph(width: int, height: int) -> bytes:
    """Make a JPEG with structure at many scales, about as large in bytes as a photograph of that size."""
    noise = np.random.default_rng(20261123)
    coarse = Image.fromarray(noise.integers(0, 256, (height // 40, width // 40, 3), np.uint8))
    grain = noise.integers(-6, 7, (height, width, 1), np.int16)
    smooth = np.asarray(coarse.resize((width, height)).filter(ImageFilter.GaussianBlur(2)), np.int16)
    target = io.BytesIO()
    Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(target, "JPEG", quality=85)
    return target.getvalue()


def alternate(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Run *works* in turn, so that the machine's moods meet all of them; return each one's median in milliseconds."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def plainly(data: bytes) -> object:
    """Decode as most programs do: everything, in process, then an array."""
    return np.asarray(Image.open(io.BytesIO(data), formats=("JPEG",)))


def in_process(data: bytes) -> object:
    """Do what the child does, here."""
    return np.asarray(decode(data, "JPEG", side=1920, bounds=BOUNDS)[1])


def starting(decoder_limits: MediaLimits, data: bytes) -> object:
    """Start a decoding process for a single picture."""
    with Decoder(decoder_limits) as decoder:
        return decoder.decode(data)


def mutate(count: int) -> None:
    """Damage valid files of every format at random places and print how each one ended; every 50th is a whole one."""
    pillow_heif.register_heif_opener()
    chance = np.random.default_rng(20261123)
    whole = Image.open(io.BytesIO(photograph(160, 120)))
    seeds = {}
    for format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "HEIF"):
        target = io.BytesIO()
        whole.save(target, format_)
        seeds[format_] = target.getvalue()
    ends: collections.Counter[tuple[str, str]] = collections.Counter()
    start, slowest = time.perf_counter(), 0.0
    with Decoder() as decoder:
        for n in range(count):
            format_ = tuple(seeds)[n % len(seeds)]
            data = bytearray(seeds[format_])
            reach = len(data) if chance.random() < 0.5 else 300  # headers are where the parsers are
            for at in chance.integers(0, min(reach, len(data)), chance.integers(1, 9)):
                data[at] = chance.integers(256)
            begun = time.perf_counter()
            try:
                decoder.decode(bytes(data))
                end = "a frame"
            except UnreadableMedia as refusal:
                end = str(refusal.values["reason"])
            slowest = max(slowest, time.perf_counter() - begun)
            ends[format_, end] += 1
            if n % 50 == 0:
                assert decoder.decode(seeds["PNG"]).width == 160  # noqa: S101 - the campaign's other finding
    kinds = sorted({end for _, end in ends})
    print(f"{count:,} damaged files in {time.perf_counter() - start:.0f} s; slowest {slowest:.2f} s\n")
    print("| format | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds))
    for format_ in seeds:
        print(f"| {format_} | " + " | ".join(f"{ends[format_, kind]:,}" for kind in kinds) + " |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--mutations", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.mutations:
        mutate(chosen.mutations)
        return
    rounds = chosen.rounds
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.machine()}, {cores} core(s), Python {platform.python_version()}, Pillow {PIL.__version__}")
    print(f"sandbox: {sandbox_state()}; medians of {rounds} alternating rounds, ms\n")
    print("| picture | bytes | in the child | same work in process | ratio | plain Pillow, full size |")
    print("|---|---|---|---|---|---|")
    tiny = photograph(250, 250)
    with Decoder() as decoder, Decoder(MediaLimits(files=1)) as alone:
        for width, height, factor in ((250, 250, 20), (1920, 1440, 2), (4000, 3000, 1)):
            data = photograph(width, height)
            works = (lambda d=data: decoder.decode(d), lambda d=data: in_process(d), lambda d=data: plainly(d))
            child, same, plain = alternate(rounds * factor, *works)
            print(
                f"| {width} x {height} | {len(data):,} | {child:.1f} | {same:.1f} | {child / same:.2f} | {plain:.1f} |"
            )
        shared, single = alternate(rounds * 10, lambda: decoder.decode(tiny), lambda: alone.decode(tiny))
    half = Image.open(io.BytesIO(photograph(4000, 3000)))
    half.draft("RGB", (2000, 1500))
    half.load()
    filters = (Image.Resampling.BOX, Image.Resampling.HAMMING, Image.Resampling.LANCZOS)
    box, hamming, lanczos = alternate(rounds, *(lambda f=f: half.resize((1920, 1440), f) for f in filters))
    print(
        f"\nReducing 2000 x 1500 to 1920 x 1440: box {box:.0f} ms, Hamming {hamming:.0f} ms, Lanczos {lanczos:.0f} ms"
    )
    (start,) = alternate(5, lambda: starting(MediaLimits(), tiny))
    print(f"250 x 250, a new child for every picture (files=1): {single:.1f} ms against {shared:.1f} ms")
    print(f"Starting a decoding process and decoding one 250 x 250 picture: {start:.0f} ms")


if __name__ == "__main__":
    main()
