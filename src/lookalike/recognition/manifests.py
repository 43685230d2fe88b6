"""``pack.json``: what a model pack says of itself, written once and checked at every reading."""

import hashlib
import json
from pathlib import Path

import rfc8785

from lookalike.domain.calibration import Calibration
from lookalike.domain.errors import InvalidInput, ModelDigestMismatch
from lookalike.domain.identifiers import Digest, Fingerprint
from lookalike.domain.packs import PackFile, PackInfo

MANIFEST = "pack.json"
SCHEMA = 1
_REMEDY = "Add the model pack again from its source: lookalike models add SOURCE"


class Manifest:
    """Everything in ``pack.json``.

    Attributes:
        info: What is shown and recorded.
        preprocessing: The description that the fingerprint covers.
        unpacker: Version of the unpacker that made the files.
        norms: Template lengths at percentiles 0 to 100 in equal steps; empty where the pack has no such table.
    """

    __slots__ = ("info", "norms", "preprocessing", "unpacker")

    def __init__(
        self, info: PackInfo, preprocessing: dict[str, object], unpacker: int, norms: tuple[float, ...]
    ) -> None:
        self.info = info
        self.preprocessing = preprocessing
        self.unpacker = unpacker
        self.norms = norms


def compute_fingerprint(
    files: tuple[PackFile, ...], preprocessing: dict[str, object], unpacker: int, dimension: int
) -> Fingerprint:
    """Return SHA-256 over the canonical JSON (RFC 8785) of everything that can move a template."""
    described = {
        "files": [
            {"role": file.role, "kind": file.kind, "sha256": file.sha256, "source_sha256": file.source_sha256}
            for file in sorted(files, key=lambda file: file.role)
        ],
        "preprocessing": preprocessing,
        "unpacker": unpacker,
        "dimension": dimension,
    }
    return Fingerprint(_digest(_plain(described)))


def _plain(value: object) -> object:
    """Return *value* with tuples as lists, as JSON would give them back."""
    plain: object = json.loads(json.dumps(value))
    return plain


def write_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of ``pack.json``; `read_manifest` reads them back."""
    info = manifest.info
    calibration = info.calibration
    body = {
        "schema": SCHEMA,
        "id": info.id,
        "fingerprint": info.fingerprint,
        "dimension": info.dimension,
        "files": [
            {
                "role": file.role,
                "kind": file.kind,
                "name": file.name,
                "sha256": file.sha256,
                "source_sha256": file.source_sha256,
                "licence": file.licence,
                "known_as": file.known_as,
            }
            for file in info.files
        ],
        "preprocessing": manifest.preprocessing,
        "unpacker": manifest.unpacker,
        "training_data": info.training_data,
        "commercial_use": info.commercial_use,
        "licence_text": info.licence_text,
        "calibration": None
        if calibration is None
        else {
            "data_set": calibration.data_set,
            "non_mated": calibration.non_mated,
            "scores": list(calibration.scores),
            "rates": list(calibration.rates),
        },
        "norms": list(manifest.norms),
    }
    plain = _plain(body)
    signed = {"digest": _digest(plain), "pack": plain}
    return (json.dumps(signed, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _digest(body: object) -> str:
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()  # type: ignore[arg-type]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a pack's folder.

    Raises:
        InvalidInput: The folder holds no pack, or one written by a newer version.
        ModelDigestMismatch: The manifest was changed after it was written, or names a fingerprint it does not have.
    """
    path = folder / MANIFEST
    try:
        signed = json.loads(path.read_bytes())
        body = signed["pack"]
        is_whole = signed["digest"] == _digest(body)
    except FileNotFoundError as error:
        raise InvalidInput(f"{folder} holds no model pack.", remedy="Run: lookalike models list") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelDigestMismatch(f"{path} cannot be read.", remedy=_REMEDY, file=str(path)) from error
    if not is_whole:
        raise ModelDigestMismatch(f"{path} was changed after it was written.", remedy=_REMEDY, file=str(path))
    if body["schema"] != SCHEMA:
        raise InvalidInput(f"{path} was written by another version.", remedy=_REMEDY, schema=body["schema"])
    return _read_body(body, path)


def _read_body(body: dict[str, object], path: Path) -> Manifest:
    manifest = parse_body(body)
    info = manifest.info
    computed = compute_fingerprint(info.files, manifest.preprocessing, manifest.unpacker, info.dimension)
    if computed != info.fingerprint:
        raise ModelDigestMismatch(
            f"The fingerprint in {path} is not that of its contents.",
            remedy=_REMEDY,
            file=str(path),
            expected=info.fingerprint,
            found=computed,
        )
    return manifest


def parse_body(body: dict[str, object]) -> Manifest:
    """Return the manifest that *body*, the ``pack`` object of a ``pack.json``, holds."""
    given: dict[str, str] = {key: str(body[key]) for key in ("id", "training_data", "commercial_use", "licence_text")}
    fingerprint = Fingerprint(str(body["fingerprint"]))
    files = body["files"]
    norms = body["norms"]
    preprocessing = body["preprocessing"]
    if not (isinstance(files, list) and isinstance(norms, list) and isinstance(preprocessing, dict)):
        raise InvalidInput("This is no model pack's manifest.", remedy=_REMEDY)
    return Manifest(
        info=PackInfo(
            fingerprint=fingerprint,
            dimension=int(str(body["dimension"])),
            files=tuple(_read_file(file) for file in files),
            calibration=read_calibration(body["calibration"], fingerprint),
            **given,
        ),
        preprocessing=preprocessing,
        unpacker=int(str(body["unpacker"])),
        norms=tuple(float(norm) for norm in norms),
    )


def _read_file(file: dict[str, str]) -> PackFile:
    return PackFile(
        role=file["role"],
        kind=file["kind"],
        name=file["name"],
        sha256=Digest(file["sha256"]),
        source_sha256=Digest(file["source_sha256"]),
        licence=file["licence"],
        known_as=file["known_as"],
    )


def read_calibration(found: object, fingerprint: Fingerprint) -> Calibration | None:
    """Return the calibration that a JSON object describes, for *fingerprint*; ``None`` for ``None``."""
    if not isinstance(found, dict):
        return None
    return Calibration(
        fingerprint=fingerprint,
        data_set=str(found["data_set"]),
        non_mated=int(found["non_mated"]),
        scores=tuple(float(score) for score in found["scores"]),
        rates=tuple(float(rate) for rate in found["rates"]),
    )
