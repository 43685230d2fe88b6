"""Accuracy of the usual pack on real photographs, as tables.

    .venv/bin/python benchmarks/recognition_accuracy.py

lfw_half: all pairs of at most ten photographs a person; identification with one photograph a person in the gallery,
over ten splits of the people with a single photograph. portraits: 160 in the gallery, 80 mated and 80 non-mated probes.
"""

import numpy as np
from recognition_photographs import Templates, data_folder, lfw_photographs, read_frame, templates_of, usual_pack

from lookalike.domain.faces import Acquired
from lookalike.evaluation import (
    ScoreCounts,
    cmc,
    count_cross,
    count_pairs,
    fnir,
    identify,
    tar_at_fmr,
    threshold_at_fpir,
)
from lookalike.recognition import Recogniser

SPLITS = 10


def main() -> None:
    """Measure and print."""
    _, recogniser = usual_pack()
    folder = data_folder()
    photographs = lfw_photographs(folder)
    found = templates_of("lfw_half", photographs, recogniser)
    print(f"Pack {recogniser.info.id}, fingerprint {recogniser.info.fingerprint}\n")
    print(
        f"lfw_half: {len(photographs)} photographs, face found in {len(photographs) - found.without}, "
        f"lowest detector score of the labelled face {found.lowest:.3f}\n"
    )
    verification(found)
    identification(found)
    portraits(recogniser)


def verification(found: Templates) -> None:
    """Print TAR at FMR for references against references, and probes against references."""
    rows = {
        "reference against reference": count_pairs(found.references, found.people),
        "probe against reference": count_cross(
            found.probes, found.references, found.people, found.people, is_same_set=True
        ),
        "probe against probe": count_pairs(found.probes, found.people),
    }
    print("| templates | mated | non-mated | TAR@1e-3 | TAR@1e-4 | TAR@1e-5 |\n|---|---|---|---|---|---|")
    for name, counts in rows.items():
        print(f"| {name} | {counts.mated.sum():,} | {counts.non_mated.sum():,} | {_tars(counts)} |")
    print()


def _tars(counts: ScoreCounts) -> str:
    points = [tar_at_fmr(counts, fmr) for fmr in (1e-3, 1e-4, 1e-5)]
    return " | ".join(f"{100 * point.tar:.2f} ({point.threshold:.3f})" for point in points)


def identification(found: Templates) -> None:
    """Print open-set identification rates, mean and standard deviation over the splits."""
    counts = np.bincount(found.people)
    several = np.flatnonzero(counts > 1)
    single = np.flatnonzero(counts == 1)
    firsts = np.array([np.flatnonzero(found.people == person)[0] for person in several])
    others = np.setdiff1d(np.flatnonzero(counts[found.people] > 1), firsts)
    lone = np.array([np.flatnonzero(found.people == person)[0] for person in single])
    print("| probe templates | N | rank-1 | rank-20 | FNIR@FPIR10% | FNIR@FPIR1% |\n|---|---|---|---|---|---|")
    for name, probes in (("as references", found.references), ("averaged", found.probes)):
        rates = []
        for split in range(SPLITS):
            shuffled = np.random.default_rng(split).permutation(lone)
            gallery = np.concatenate([firsts, shuffled[: len(lone) // 2]])
            asked = np.concatenate([others, shuffled[len(lone) // 2 :]])
            result = identify(probes[asked], found.references[gallery], found.people[asked], found.people[gallery])
            missed = [fnir(result, threshold_at_fpir(result, target), rank=20) for target in (0.1, 0.01)]
            rates.append([cmc(result, 1), cmc(result, 20), *missed])
        mean, deviation = 100 * np.mean(rates, axis=0), 100 * np.std(rates, axis=0)
        cells = " | ".join(f"{m:.2f} ({d:.2f})" for m, d in zip(mean, deviation, strict=True))
        print(f"| {name} | {len(firsts) + len(lone) // 2} | {cells} |")
    print()


def portraits(recogniser: Recogniser) -> None:
    """Print rank-1 and the gap between mates and strangers of the portraits."""
    folder = data_folder() / "portraits"
    sides = {}
    for side in ("gallery", "probe"):
        acquire = recogniser.acquire if side == "gallery" else recogniser.acquire_probe
        rows = {}
        for path in sorted((folder / side).glob("*.jpg")):
            faces = [face for face in acquire(read_frame(path)) if isinstance(face, Acquired)]
            rows[path.stem] = max(faces, key=lambda face: face.face.box.height).template.vector
        sides[side] = rows
    names = list(sides["gallery"])
    references = np.stack(list(sides["gallery"].values()))
    numbers = {name: at for at, name in enumerate(sorted({*names, *sides["probe"]}))}
    probes = np.stack(list(sides["probe"].values()))
    result = identify(
        probes, references, np.array([numbers[n] for n in sides["probe"]]), np.array([numbers[n] for n in names])
    )
    print(
        f"portraits: rank-1 {int((result.mate_ranks == 1).sum())}/{len(result.mate_ranks)}, lowest mate "
        f"{result.mate_scores.min():.3f}, highest of {len(result.top_scores)} non-mated probes "
        f"{result.top_scores.max():.3f}"
    )


if __name__ == "__main__":
    main()
