"""Model packs on disk: one folder each, ``pack.json`` beside the model files."""

import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.domain.errors import Conflict, InvalidInput, ModelDigestMismatch, StorageFull, Unavailable
from lookalike.domain.packs import PackInfo
from lookalike.recognition.files import read_checked
from lookalike.recognition.manifests import MANIFEST, read_manifest, write_manifest

if TYPE_CHECKING:  # its module loads heavy libraries, and listing packs needs none of them
    from lookalike.recognition.proposals import PackProposal

_NO_SPACE = 28


def write_pack(proposal: "PackProposal", folder: Path) -> PackInfo:
    """Write a pack to ``folder/<id>``: all of it or nothing, and nothing where it already stands there whole.

    The files are written to a folder beside it, flushed to disk and renamed. A damaged pack of the same fingerprint is
    replaced.

    Raises:
        Conflict: Another pack stands under this id.
        StorageFull: The disk took no more.
        Unavailable: The folder cannot be written.
    """
    target = folder / proposal.info.id
    if target.exists() and _stands_whole(target, proposal):
        return proposal.info
    draft = folder / f".{proposal.info.id}.{secrets.token_hex(8)}"
    try:
        draft.mkdir(parents=True)
        for name, data in sorted(proposal.contents.items()):
            _write_durably(draft / name, data)
        _write_durably(draft / MANIFEST, write_manifest(proposal.manifest))
        _flush_folder(draft)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
        _flush_folder(folder)
    except OSError as error:
        failure = StorageFull if error.errno == _NO_SPACE else Unavailable
        raise failure(
            f"The model pack cannot be written to {folder}: {error.strerror}.",
            remedy="Free some space or choose another folder, then add the pack again.",
            folder=str(folder),
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return proposal.info


def _stands_whole(target: Path, proposal: "PackProposal") -> bool:
    """Say whether the proposed pack already stands at *target*; ``False`` where it does, but damaged."""
    try:
        found = verify_pack(target)
    except (InvalidInput, ModelDigestMismatch):
        return False
    if found.fingerprint != proposal.info.fingerprint:
        raise Conflict(
            f"Another pack stands under the name {found.id!r}.",
            remedy=f"Move {target} away if no gallery uses it, then add the pack again.",
            found=found.fingerprint,
            given=proposal.info.fingerprint,
        )
    return found == proposal.info


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_packs(folder: Path) -> tuple[PackInfo, ...]:
    """Return the packs in *folder*, by id; none where the folder does not exist. Model files are not hashed here.

    Raises:
        ModelDigestMismatch: A pack's manifest was changed.
    """
    if not folder.is_dir():
        return ()
    found = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    return tuple(read_manifest(each).info for each in found)


def verify_pack(folder: Path) -> PackInfo:
    """Hash every file of the pack in *folder* again, and its fingerprint.

    Raises:
        InvalidInput: The folder holds no pack.
        ModelDigestMismatch: A file, or the manifest, is not what it was.
    """
    info = read_manifest(folder).info
    for file in info.files:
        read_checked(folder / file.name, file.sha256)
    return info
