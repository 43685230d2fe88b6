"""What was measured about known packs and ships with this program: calibrations and tables of template lengths."""

import json
from dataclasses import dataclass
from importlib.resources import files

from lookalike.domain.calibration import Calibration
from lookalike.domain.identifiers import Fingerprint
from lookalike.recognition.manifests import read_calibration

_FOLDER = "packs"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured about one fingerprint.

    Attributes:
        id: The pack's short name.
        calibration: The tail of its non-mated scores.
        norms: Template lengths at percentiles 0 to 100 in equal steps.
    """

    id: str
    calibration: Calibration | None
    norms: tuple[float, ...]


def find_measured(fingerprint: Fingerprint) -> Measured | None:
    """Return what ships about *fingerprint*; ``None`` where it was never measured."""
    for resource in (files("lookalike.recognition") / _FOLDER).iterdir():
        if resource.name.endswith(".json"):
            content = json.loads(resource.read_text("utf-8"))
            if content["fingerprint"] == fingerprint:
                return Measured(
                    id=content["id"],
                    calibration=read_calibration(content["calibration"], fingerprint),
                    norms=tuple(content["norms"]),
                )
    return None


def licence_text(name: str) -> str:
    """Return the full text of a licence by its SPDX identifier; empty where it does not ship."""
    resource = files("lookalike.recognition") / _FOLDER / f"{name}.txt"
    return resource.read_text("utf-8") if resource.is_file() else ""
