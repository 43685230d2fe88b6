"""What a source of model files would become as a pack, before anything is written."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from lookalike.domain.errors import InvalidInput
from lookalike.domain.packs import PackFile, PackInfo
from lookalike.recognition.carriers import read_models
from lookalike.recognition.catalogue import KNOWN_FILES, UNKNOWN_DATA, UNKNOWN_LICENCE, KnownFile
from lookalike.recognition.files import digest_of
from lookalike.recognition.inference import Model
from lookalike.recognition.manifests import MANIFEST, Manifest, compute_fingerprint
from lookalike.recognition.measured import find_measured, licence_text
from lookalike.recognition.preprocessing import for_pack
from lookalike.recognition.recognising import recognise
from lookalike.recognition.unpacking import UNPACKER_VERSION, unpack

_UNPACKED_KINDS = frozenset({"yunet", "sface"})


@dataclass(frozen=True, slots=True)
class PackProposal:
    """A pack that could be written.

    Attributes:
        info: Everything that is shown before acceptance, fingerprint included.
        manifest: What ``pack.json`` will hold.
        contents: The model files' bytes, as they will be run, by file name.
        left_out: Files of the source that are not used, by path inside it.
    """

    info: PackInfo
    manifest: Manifest = field(repr=False)
    contents: dict[str, bytes] = field(repr=False)
    left_out: tuple[str, ...] = ()

    def describe(self) -> tuple[str, ...]:
        """Return what will be written, a line each, for people."""
        lines = [f"{self.info.id}/{MANIFEST}: manifest, fingerprint {self.info.fingerprint}"]
        for file in self.info.files:
            origin = file.known_as or "not in this program's list of known files: unverified"
            form = "as published" if file.sha256 == file.source_sha256 else "unpacked to fp32"
            size = len(self.contents[file.name])
            lines.append(f"{self.info.id}/{file.name}: {file.role} ({file.kind}), {size:,} bytes, {form}; {origin}")
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class _Part:
    """One model file of the source with what is known about it."""

    path: str
    data: bytes
    known: KnownFile
    is_verified: bool


def inspect_source(source: Path) -> PackProposal:
    """Return the pack that *source* would become; nothing is written.

    Files are recognised by SHA-256 first, then by their inputs and outputs. A file with an unknown SHA-256 is allowed
    and marked by an empty ``known_as``.

    Args:
        source: A wheel, a zip archive, or a folder, in the InsightFace layout or any other.

    Raises:
        InvalidInput: There is no detector or no embedder in it, or several of which none is known.
        ModelDigestMismatch: A wheel's files disagree with its own record.
    """
    models = read_models(source)
    parts = [part for path, data in sorted(models.items()) if (part := _recognise(path, data)) is not None]
    detector = _choose(parts, "detector", source)
    embedder = _choose(parts, "embedder", source)
    used = {detector.path, embedder.path}
    return _propose(detector, embedder, tuple(sorted(models.keys() - used)))


def _recognise(path: str, data: bytes) -> _Part | None:
    known = KNOWN_FILES.get(digest_of(data))
    if known is not None:
        return _Part(path, data, known, is_verified=True)
    found = recognise(data)
    if found is None:
        return None
    role, kind = found
    name = PurePosixPath(path).name
    unknown = KnownFile(name, role, kind, UNKNOWN_LICENCE, "unclear", UNKNOWN_DATA.format(name=name))
    return _Part(path, data, unknown, is_verified=False)


def _choose(parts: list[_Part], role: str, source: Path) -> _Part:
    """Return the one file for *role*; a known one goes before unknown ones."""
    found = [part for part in parts if part.known.role == role]
    verified = [part for part in found if part.is_verified]
    for choice in (verified, found):
        if len(choice) == 1:
            return choice[0]
    if not found:
        other = "an embedder such as SFace or ArcFace" if role == "embedder" else "a detector such as YuNet or SCRFD"
        raise InvalidInput(
            f"{source} holds no {role} that could be used.",
            remedy=f"Put {other} into the same folder as an .onnx file, then add the folder.",
        )
    raise InvalidInput(
        f"{source} holds several {role}s.",
        remedy=f"Leave one {role} in the folder: {', '.join(part.path for part in found)}.",
        files=[part.path for part in found],
    )


def _propose(detector: _Part, embedder: _Part, left_out: tuple[str, ...]) -> PackProposal:
    files, contents = [], {}
    for part in (detector, embedder):
        file, data = _prepare(part)
        files.append(file)
        contents[file.name] = data
    dimension = _measure_dimension(contents[files[1].name])
    settings = for_pack(detector.known.kind, embedder.known.kind).describe()
    fingerprint = compute_fingerprint(tuple(files), settings, UNPACKER_VERSION, dimension)
    measured = find_measured(fingerprint)
    plain_id = f"{detector.known.kind}-{embedder.known.kind}"
    uses = {detector.known.commercial_use, embedder.known.commercial_use}
    info = PackInfo(
        id=measured.id if measured else f"{plain_id}-{fingerprint[:8]}",
        fingerprint=fingerprint,
        dimension=dimension,
        files=tuple(files),
        training_data=f"{detector.known.training_data} {embedder.known.training_data}",
        commercial_use=next(use for use in ("no", "unclear", "yes") if use in uses),
        licence_text=_licences(detector.known, embedder.known),
        calibration=measured.calibration if measured else None,
    )
    manifest = Manifest(info, settings, UNPACKER_VERSION, measured.norms if measured else ())
    return PackProposal(info, manifest, contents, left_out)


def _prepare(part: _Part) -> tuple[PackFile, bytes]:
    kind = part.known.kind
    data = unpack(part.data, any_size=kind == "yunet") if kind in _UNPACKED_KINDS else part.data
    file = PackFile(
        role=part.known.role,
        kind=kind,
        name=f"{part.known.role}.onnx",
        sha256=digest_of(data),
        source_sha256=digest_of(part.data),
        licence=part.known.licence,
        known_as=part.known.name if part.is_verified else "",
    )
    return file, data


def _measure_dimension(embedder: bytes) -> int:
    model = Model(embedder)
    batch = model.input_shape[0]
    zeros = np.zeros((batch if isinstance(batch, int) else 1, 3, 112, 112), np.float32)
    return int(model.run(zeros)[0].shape[1])


def _licences(*files: KnownFile) -> str:
    """Return each file's licence in a line, then the full texts that ship."""
    lines = [f"{file.name}: {file.licence}" for file in files]
    texts = [licence_text(name) for name in dict.fromkeys(file.licence for file in files)]
    return "\n\n".join(["\n".join(lines), *(text for text in texts if text)])
