"""Calibrate the usual pack and write what ships: src/lookalike/recognition/packs/yunet_sface.json.

    .venv/bin/python benchmarks/recognition_calibrate.py

Every probe template (as `acquire_probe` makes it) of the photographs of lfw_half, at most ten a person, is compared
with every reference template (as `acquire` makes it) of another photograph, exactly as a search compares them. Nothing
is left out; pairs of "two people" that score highest are printed, since some of them are errors of the labels.
"""

import json

import numpy as np
from recognition_photographs import HERE, Templates, data_folder, lfw_photographs, templates_of, usual_pack

from lookalike.evaluation import calibration_from_scores, count_cross

TARGET = HERE / "src" / "lookalike" / "recognition" / "packs" / "yunet_sface.json"
SHOWN = 25


def main() -> None:
    """Measure, print and write."""
    proposal, recogniser = usual_pack()
    photographs = lfw_photographs(data_folder())
    found = templates_of("lfw_half", photographs, recogniser)
    counts = count_cross(found.probes, found.references, found.people, found.people, is_same_set=True)
    people = len(set(found.people.tolist()))
    calibration = calibration_from_scores(
        counts,
        fingerprint=proposal.info.fingerprint,
        data_set=f"half of LFW (deep-funneled): {len(found.people):,} photographs of {people:,} people, "
        f"probe templates against reference templates",
    )
    content = {
        "id": "yunet-sface",
        "fingerprint": proposal.info.fingerprint,
        "calibration": {
            "data_set": calibration.data_set,
            "non_mated": calibration.non_mated,
            "scores": [round(score, 6) for score in calibration.scores],
            "rates": list(calibration.rates),
        },
        "norms": [round(float(norm), 4) for norm in np.percentile(found.norms, np.arange(101))],
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    print(f"{TARGET.relative_to(HERE)}: {len(calibration.scores)} points, {calibration.non_mated:,} comparisons")
    for gallery in (1_000, 10_000, 100_000, 1_000_000):
        threshold = calibration.threshold(target_fpir=0.01, gallery_size=gallery)
        print(f"N = {gallery:>9,}: FPIR 1 % at {threshold.value:.3f}{' (extrapolated)' * threshold.is_extrapolated}")
    show_highest(found)


def show_highest(found: Templates) -> None:
    """Print the pairs of different people that score highest: candidates for errors of the labels."""
    scores = found.references @ found.references.T
    scores[found.people[:, None] == found.people[None]] = -1
    order = np.argsort(np.triu(scores, 1), axis=None)[::-1][:SHOWN]
    print("Pairs labelled as two people that score highest:")
    for one, other in zip(*np.unravel_index(order, scores.shape), strict=True):
        print(f"  {scores[one, other]:.3f}  {found.names[one]}  {found.names[other]}")


if __name__ == "__main__":
    main()
