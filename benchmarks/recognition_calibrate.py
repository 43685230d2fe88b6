"""Calibrate the usual pack and write what ships: src/lookalike/recognition/packs/yunet_sface.json.

    .venv/bin/python benchmarks/recognition_calibrate.py

Every probe template (as `acquire_probe` makes it) of the photographs of lfw_half, at most ten a person, is compared
with every reference template (as `acquire` makes it) of another photograph, exactly as a search compares them.

Some labels are wrong: the same photograph, or the same person, stands under two names. Comparisons between the two
names of ONE_PERSON are not counted as non-mated; each stands there on evidence other than the face. Thresholds with and
without them are both printed, and so are the pairs that score highest among what is left, some of which look wrong as
well and stay.
"""

import json

import numpy as np
from recognition_photographs import HERE, Templates, data_folder, lfw_photographs, templates_of, usual_pack

from lookalike.evaluation import calibration_from_scores, count_cross
from lookalike.evaluation.counting import Labels

TARGET = HERE / "src" / "lookalike" / "recognition" / "packs" / "yunet_sface.json"
SHOWN = 25

ONE_PERSON = (
    ("Carlos_Beltran", "Raul_Ibanez", "one photograph: pixel correlation 0.99"),
    ("Gabrielle_Rose", "Martha_Bowen", "one photograph: pixel correlation 0.99"),
    ("Andrew_Caldecott", "Andrew_Gilligan", "one photograph: pixel correlation 0.99"),
    ("Choi_Sung-hong", "Sung_Hong_Choi", "one name in two orders"),
    ("Wang_Yingfan", "Yingfan_Wang", "one name in two orders"),
    ("Nan_Wang", "Wang_Nan", "one name in two orders"),
    ("Doc_Rivers", "Glenn_Rivers", "one name and its nickname"),
    ("John_Barnett", "John_Burnett", "one name in two spellings"),
    ("Mireya_Elisa_Moscoso_Rodriguez", "Mireya_Moscoso", "one name in full and in short"),
    ("Felipe_De_Borbon", "Prince_Felipe", "one name and title"),
    ("Ruano_Pascual", "Virgina_Ruano_Pascal", "one name in two spellings"),
)
"""Pairs of names in the labels that are one person, and how that is known."""


def main() -> None:
    """Measure, print and write."""
    proposal, recogniser = usual_pack()
    photographs = lfw_photographs(data_folder())
    found = templates_of("lfw_half", photographs, recogniser)
    merged = merge_names(found)
    people = len(set(merged.tolist()))
    as_labelled, calibration = (
        calibration_from_scores(
            count_cross(found.probes, found.references, labels, labels, is_same_set=True),
            fingerprint=proposal.info.fingerprint,
            data_set=f"half of LFW (deep-funneled), {len(found.people):,} photographs of {people:,} people",
        )
        for labels in (found.people, merged)
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
    for gallery in (100, 1_000, 10_000, 100_000, 1_000_000):
        cells = []
        for made in (calibration, as_labelled):
            threshold = made.threshold(target_fpir=0.01, gallery_size=gallery)
            cells.append(f"{threshold.value:.3f}{' (extrapolated)' * threshold.is_extrapolated}")
        print(f"N = {gallery:>9,}: FPIR 1 % at {cells[0]}; with the labels as they are {cells[1]}")
    show_highest(found, merged)


def merge_names(found: Templates) -> Labels:
    """Return who each row is, the two names of each pair of ONE_PERSON taken for one."""
    merged = found.people.copy()
    stems = np.array([name.rsplit("_", 1)[0] for name in found.names])
    for one, other, _ in ONE_PERSON:
        merged[stems == other] = merged[stems == one][0]
    return merged


def show_highest(found: Templates, people: Labels) -> None:
    """Print the pairs of different people that score highest: candidates for errors of the labels."""
    scores = found.references @ found.references.T
    scores[people[:, None] == people[None]] = -1
    flat = np.triu(scores, 1).ravel()
    order = np.argpartition(flat, -SHOWN)[-SHOWN:]
    order = order[np.argsort(flat[order])[::-1]]
    print("Pairs labelled as two people that score highest:")
    for one, other in zip(*np.unravel_index(order, scores.shape), strict=True):
        print(f"  {scores[one, other]:.3f}  {found.names[one]}  {found.names[other]}")


if __name__ == "__main__":
    main()
