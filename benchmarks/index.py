"""How fast the exhaustive index is, against faiss fp32 and against what reading memory costs.

    .venv/bin/python benchmarks/index.py [--quick] [--core N] [--write docs/measurements/index.md]

One thread on one core. Rows are synthetic and seeded: identities are Gaussian with a slowly decaying spectrum and
one of 24 cohort offsets, 1 to 5 pictures each, cos(picture, identity)^2 uniform in 0.5 to 0.8, in 100 galleries of
about 1 %. A third of the probes are further pictures of enrolled identities, a third poor ones (cos^2 0.15 to 0.35),
a third strangers. Before every timed search 256 MB are read with numpy.max: the median gives the bandwidth at the time,
and rows x bytes a code / bandwidth is the floor that the search is compared with. `--quick` leaves out the 1 M rows.
"""

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from lookalike.domain.candidates import CertifiedList
from lookalike.domain.identifiers import Fingerprint, GalleryId, Seq
from lookalike.domain.templates import Template
from lookalike.index import ExhaustiveIndex

Floats = npt.NDArray[np.float32]
PACK = Fingerprint("benchmark")
GALLERIES = 100
EVERY = frozenset(GalleryId(number) for number in range(1, GALLERIES + 1))
LIMIT = 20
CHUNK = 50_000
STREAM = 256_000_000
BEGIN, END = "<!-- begin: benchmarks/index.py -->", "<!-- end: benchmarks/index.py -->"
HEADINGS = {
    "rows": "rows",
    "dimension": "d",
    "codes": "codes",
    "floor_ms": "floor ms",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "ratio": "x floor",
    "flat_ms": "faiss fp32 p50 ms",
    "batch_ms": "batch of 64, ms a probe",
    "flat_batch_ms": "faiss fp32 batch, ms a probe",
    "gallery_ms": "1 % gallery p50 ms",
    "as_of_ms": "as of the middle p50 ms",
    "removed_ms": "1 % removed p50 ms",
    "certified": "certified",
    "rescored": "rescored p50 / most",
    "build_s": "build s",
    "memory_mb": "memory MB",
    "bandwidth": "read GB/s",
}


@dataclass
class Faces:
    """Synthetic templates of one dimension."""

    dimension: int
    seed: int = 1
    centres: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the cohorts."""
        self.random = np.random.default_rng(self.seed)
        self.spread: Floats = np.sqrt(np.arange(1, self.dimension + 1, dtype=np.float32) ** -0.25)
        self.cohorts: Floats = np.float32(0.2) * self.directions(24)

    def directions(self, rows: int) -> Floats:
        """Return unit vectors of the spectrum."""
        drawn: Floats = self.random.standard_normal((rows, self.dimension), np.float32) * self.spread
        return unit(drawn)

    def pictures(self, centres: Floats, least: float, most: float) -> Floats:
        """Return a picture of each identity, cos^2 to it uniform between *least* and *most*."""
        share: Floats = self.random.uniform(least, most, (len(centres), 1)).astype(np.float32)
        known, rest = np.sqrt(share), np.sqrt(np.float32(1) - share)
        return unit(known * centres + rest * self.directions(len(centres)))

    def chunk(self, rows: int) -> Floats:
        """Return *rows* enrolled pictures and keep some of their identities for probes."""
        identities = self.directions(rows // 3 + 1)
        identities = unit(identities + self.cohorts[self.random.integers(0, 24, len(identities))])
        repeated = np.repeat(identities, self.random.integers(1, 6, len(identities)), axis=0)[:rows]
        if len(repeated) < rows:
            repeated = np.concatenate([repeated, identities[: rows - len(repeated)]])
        self.centres.append(identities[:8])
        return self.pictures(repeated, 0.5, 0.8)

    def probes(self, number: int) -> list[Template]:
        """Return a third each of good, poor and non-mated probes."""
        known = np.concatenate(self.centres)
        third = number // 3
        picked = known[self.random.integers(0, len(known), 2 * third)]
        strangers = self.directions(number - 2 * third)
        every = [self.pictures(picked[:third], 0.5, 0.8), self.pictures(picked[third:], 0.15, 0.35), strangers]
        return [Template(vector, PACK) for vector in self.random.permutation(np.concatenate(every))]


def unit(rows: Floats) -> Floats:
    """Return *rows* at length 1."""
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
    return rows / lengths


def seconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Stream:
    """Reads 256 MB before each timed search, so that both see the machine in the same state."""

    def __init__(self) -> None:
        self._block = np.ones(STREAM // 8)
        self.times: list[float] = []

    def before(self, work: Callable[[], object]) -> float:
        """Read once, then return how long *work* takes."""
        self.times.append(seconds(self._block.max))
        return seconds(work)

    @property
    def bytes_a_second(self) -> float:
        """The median so far."""
        return float(STREAM / np.median(self.times))


def milliseconds(times: list[float], percentile: float = 50) -> float:
    """Return a percentile of *times*."""
    return float(np.percentile(times, percentile)) * 1e3


def checked(lists: list[CertifiedList], scores: Floats) -> int:
    """Return how many lists are certified, after comparing their scores with those of faiss."""
    for one, expected in zip(lists, scores, strict=True):
        found = np.array([ranked.score for ranked in one.faces])
        if float(np.abs(found - expected).max()) > 1e-5:
            sys.exit("A list differs from the one that faiss fp32 returns.")
    proofs = [one.certificate for one in lists]
    return sum(
        proof.outside_bound is None or (proof.last_score is not None and proof.outside_bound < proof.last_score)
        for proof in proofs
    )


def measure(rows: int, dimension: int, codes: str | None) -> dict[str, str]:
    """Build both indexes over the same rows and time them."""
    faces = Faces(dimension)
    index = ExhaustiveIndex(PACK, dimension, codes=codes)  # type: ignore[arg-type]
    flat = faiss.IndexFlatIP(dimension)
    build = 0.0
    for start in range(0, rows, CHUNK):
        vectors = faces.chunk(CHUNK)
        numbers = np.arange(start, start + CHUNK)
        galleries = faces.random.integers(1, GALLERIES + 1, CHUNK).astype(np.int32)
        build += seconds(lambda: index.add(numbers, vectors, galleries=galleries, added=numbers))  # noqa: B023
        flat.add(vectors)
    probes = faces.probes(42 if rows > 500_000 else 150)
    stream = Stream()
    lists: list[CertifiedList] = []

    def searches(**choice: object) -> Iterator[float]:
        for probe in probes:
            settings = {"galleries": EVERY, "limit": LIMIT, **choice}
            yield stream.before(lambda: lists.extend(index.search([probe], **settings)))  # type: ignore[arg-type] # noqa: B023

    def flat_search(some: list[Template]) -> Floats:
        scores: Floats = flat.search(np.stack([probe.vector for probe in some]), LIMIT)[0]
        return scores

    list(searches())
    lists.clear()
    single = list(searches())
    certified = checked(lists, flat_search(probes))
    rescored = [one.certificate.rescored for one in lists]
    gallery = list(searches(galleries=frozenset({GalleryId(1)})))
    as_of = list(searches(as_of=Seq(rows // 2)))
    flat_single = [stream.before(lambda: flat_search([probe])) for probe in probes[:20]]  # noqa: B023
    many = faces.probes(64)
    batch = [seconds(lambda: index.search(many, galleries=EVERY, limit=LIMIT)) for _ in range(3)]
    flat_batch = seconds(lambda: flat_search(many))
    bandwidth, memory = stream.bytes_a_second, index.memory_bytes
    code_bytes = 2 * dimension if lists[0].certificate.codes == "fp16" else dimension
    floor = rows * code_bytes / bandwidth * 1e3
    index.remove(np.arange(0, rows, 100), removed=rows)
    removed = list(searches())
    return {
        "rows": f"{rows:,}",
        "dimension": str(dimension),
        "codes": lists[0].certificate.codes,
        "floor_ms": f"{floor:.1f}",
        "p50_ms": f"{milliseconds(single):.1f}",
        "p95_ms": f"{milliseconds(single, 95):.1f}",
        "ratio": f"{milliseconds(single) / floor:.2f}",
        "flat_ms": f"{milliseconds(flat_single):.1f}",
        "batch_ms": f"{milliseconds(batch) / len(many):.2f}",
        "flat_batch_ms": f"{flat_batch * 1e3 / len(many):.2f}",
        "gallery_ms": f"{milliseconds(gallery):.2f}",
        "as_of_ms": f"{milliseconds(as_of):.1f}",
        "removed_ms": f"{milliseconds(removed):.1f}",
        "certified": f"{certified}/{len(probes)}",
        "rescored": f"{np.median(rescored):.0f} / {max(rescored)}",
        "build_s": f"{build:.1f}",
        "memory_mb": f"{memory / 1e6:.0f}",
        "bandwidth": f"{bandwidth / 1e9:.1f}",
    }


def table(lines: list[dict[str, str]]) -> str:
    """Return the measurements as Markdown."""
    made = (
        f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}, "
        f"numpy {np.__version__}, faiss {faiss.__version__}, one core, list of {LIMIT}."
    )
    shown = [list(HEADINGS.values()), ["---"] * len(HEADINGS)]
    shown += [[line[name] for name in HEADINGS] for line in lines]
    return "\n".join([made, "", *("| " + " | ".join(cells) + " |" for cells in shown)])


def main() -> None:
    """Measure, print, and write if asked to."""
    if os.environ.get("OMP_NUM_THREADS") != "1":  # numpy and faiss read it when they are loaded
        single = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, *sys.argv], single)  # noqa: S606 -- this very program again
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100,000 rows only")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to run on")
    parser.add_argument("--codes", choices=["fp16", "8-bit"], help="default: what the index chooses")
    parser.add_argument("--dimension", type=int, action="append", help="default: 128 and 512")
    parser.add_argument("--write", type=Path, help="replace the table in this Markdown file")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    lines = []
    for rows in [100_000] if arguments.quick else [100_000, 1_000_000]:
        for dimension in arguments.dimension or [128, 512]:
            lines.append(measure(rows, dimension, arguments.codes))
            print(table(lines[-1:]).splitlines()[-1], flush=True)
    print(table(lines))
    if arguments.write:
        text = arguments.write.read_text("utf-8")
        marked = f"{BEGIN}\n{table(lines)}\n{END}"
        arguments.write.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: marked, text, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
