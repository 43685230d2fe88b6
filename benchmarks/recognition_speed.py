"""Speed of the usual pack on one core, one thread, as a table.

    taskset -c 1 .venv/bin/python benchmarks/recognition_speed.py

The share of the models is measured in CPU time inside the same run, around every call of a model (first look, looks on
canvases, embedding), so that other work on the machine slows both alike. Single calls: median and lowest wall time.
"""

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from recognition_photographs import data_folder, lfw_photographs, read_frame, usual_pack

from lookalike.domain.frames import Frame, Origin, Pixels
from lookalike.recognition import Recogniser
from lookalike.recognition.inference import Floats, Model

ROUNDS = 3
PHOTOGRAPHS = 200


class Timed:
    """A model that adds up the time spent inside it."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.seconds = 0.0
        self.calls = 0

    def run(self, batch: Floats) -> list[Floats]:
        """Run the model and keep the time."""
        start = time.thread_time()
        outputs = self._model.run(batch)
        self.seconds += time.thread_time() - start
        self.calls += 1
        return outputs

    def __getattr__(self, name: str) -> object:
        """Return everything else from the model."""
        return getattr(self._model, name)


def main() -> None:
    """Measure and print."""
    _, recogniser = usual_pack()
    detector, embedder = parts_of(recogniser)
    photographs = lfw_photographs(data_folder())
    step = len(photographs) // PHOTOGRAPHS
    small = [read_frame(path) for _, path in photographs[::step][:PHOTOGRAPHS]]
    middle = [read_frame(path) for path in sorted((data_folder() / "portraits" / "probe").glob("*.jpg"))[:80]]
    crowd = mosaic(small[:24], 1920, 1280)
    picture = mosaic(small[:4], 640, 480)
    print("| one call | median ms | lowest ms |\n|---|---|---|")
    show("detection, 640 x 480", lambda: recogniser.detect(picture))
    show("detection, 1920 x 1280 and 640", lambda: recogniser.detect(crowd), 10)
    show("detection, the same, thorough", lambda: recogniser.detect(crowd, thorough=True), 3)
    show("detector model alone, 640 x 480", lambda: detector._model.run(np.zeros((1, 3, 480, 640), np.float32)))  # noqa: SLF001
    crop = np.ascontiguousarray(small[0].pixels[69:181, 69:181])
    show("embedding, one face", lambda: embedder.embed([crop]))
    show("embedding, four faces at once, a face", lambda: embedder.embed([crop] * 4), 40, 4)
    print()
    print(
        "| pipeline: frame in, templates out | frames/s | CPU ms a frame | in the models | share | faces a frame |\n"
        "|---|---|---|---|---|---|"
    )
    for name, frames in (
        ("LFW, 250 x 250", small),
        ("portraits, about 335 x 410", middle),
        ("24 faces, 1920 x 1280", [crowd] * 4),
    ):
        pipeline(name, frames, recogniser, lambda frame: len(recogniser.acquire(frame)))
    pipeline("LFW, as probes", small, recogniser, lambda frame: len(recogniser.acquire_probe(frame)))


def parts_of(recogniser: Recogniser) -> tuple[Any, Any]:
    """Return the detector and the embedder: a look inside is the point of this measurement."""
    return recogniser._detector, recogniser._embedder  # noqa: SLF001


def mosaic(frames: list[Frame], width: int, height: int) -> Frame:
    """Return one frame made of several, side by side, in rows."""
    canvas: Pixels = np.full((height, width, 3), 127, np.uint8)
    x = y = 0
    for frame in frames:
        if x + frame.width > width:
            x, y = 0, y + frame.height
        part = frame.pixels[: max(0, height - y), : width - x]
        canvas[y : y + part.shape[0], x : x + part.shape[1]] = part
        x += frame.width
    return Frame(canvas, Origin("PNG", width, height, 1, "assumed", 1, 1))


def show(name: str, call: Callable[[], object], repeats: int = 60, divisor: int = 1) -> None:
    """Print the median and the lowest time of *call*."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000 / divisor)
    print(f"| {name} | {np.median(times):.2f} | {min(times):.2f} |")


def pipeline(name: str, frames: list[Frame], recogniser: Recogniser, acquire: Callable[[Frame], int]) -> None:
    """Print a pipeline's speed and the share of it that its models alone take; the best of the rounds."""
    parts = parts_of(recogniser)
    plain = [part._model for part in parts]  # noqa: SLF001
    rows = []
    for _ in range(ROUNDS):
        timed = [Timed(model) for model in plain]
        for part, model in zip(parts, timed, strict=True):
            part._model = model  # noqa: SLF001
        start, cpu = time.perf_counter(), time.thread_time()
        faces = sum(acquire(frame) for frame in frames)
        seconds, cpu = time.perf_counter() - start, time.thread_time() - cpu
        rows.append((cpu, sum(model.seconds for model in timed), seconds, faces))
    for part, model in zip(parts, plain, strict=True):
        part._model = model  # noqa: SLF001
    cpu, inside, seconds, faces = min(rows)
    count = len(frames)
    print(
        f"| {name} | {count / seconds:.1f} | {1000 * cpu / count:.2f} | {1000 * inside / count:.2f} "
        f"| {100 * inside / cpu:.1f} % "
        f"| {faces / count:.2f} |"
    )


if __name__ == "__main__":
    main()
