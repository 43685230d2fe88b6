"""Evaluation: error rates and calibration, as arithmetic on templates whose people are known."""

from lookalike.evaluation.calibrating import calibration_from_scores
from lookalike.evaluation.counting import ScoreCounts, count_cross, count_pairs
from lookalike.evaluation.rates import (
    Identification,
    VerificationPoint,
    cmc,
    fnir,
    fpir,
    identify,
    rates_at,
    tar_at_fmr,
    threshold_at_fpir,
)

__all__ = [
    "Identification",
    "ScoreCounts",
    "VerificationPoint",
    "calibration_from_scores",
    "cmc",
    "count_cross",
    "count_pairs",
    "fnir",
    "fpir",
    "identify",
    "rates_at",
    "tar_at_fmr",
    "threshold_at_fpir",
]
