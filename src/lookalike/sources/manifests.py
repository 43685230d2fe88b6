"""Manifests: a CSV or JSONL file that names pictures and says where each comes from.

The columns are documented in ``docs/reference/manifest.md``.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from lookalike.domain.errors import InvalidInput
from lookalike.domain.references import Provenance
from lookalike.sources.files import Bounds, file_item, reason_of
from lookalike.sources.items import BadItem, Item, printable, text_fault

PROVENANCE_COLUMNS = ("source_page", "picture_address", "captured", "published", "licence", "notes")
COLUMNS = ("path", "external_id", *PROVENANCE_COLUMNS)
"""Columns that have a place of their own; every other one, ``person_id`` among them, is kept in the notes."""
LONGEST_VALUE = 8192
"""Characters that a value may have."""
_SURROGATES = (
    "surrogateescape"  # lets a line that is not UTF-8 through, to be named as such when its values are checked
)

Row = tuple[int, dict[str, str] | str]
"""The line it starts on, and its values by column or what is wrong with it."""


def manifest_rows(manifest: Path) -> Iterator[Row]:
    """Yield the rows of *manifest*, one at a time.

    Raises:
        InvalidInput: It is neither ``.csv`` nor ``.jsonl``, cannot be read, or its header has no ``path``.
    """
    match manifest.suffix.lower():
        case ".csv":
            return _csv_rows(manifest)
        case ".jsonl" | ".ndjson":
            return _json_rows(manifest)
        case _:
            raise InvalidInput(
                f"{printable(manifest.name)} is neither a .csv nor a .jsonl file.",
                remedy="Write the manifest as CSV with a header, or as one JSON object a line.",
            )


def row_item(row: Row, manifest: Path, folders: Sequence[Path], *, limit: int | None) -> tuple[Item, Path | None]:
    """Return the picture that *row* names, looked for in *folders* (resolved) in turn, or why it cannot be used.

    With it comes the file that the row speaks of, links followed, wherever there is one.
    """
    line, values = row
    where = f"{printable(manifest.name)}:{line}"
    if isinstance(values, str):
        return BadItem(where, values), None
    if fault := _fault(values):
        return BadItem(where, fault), None
    named = PurePosixPath(values["path"].strip())
    folder = next((folder for folder in folders if _exists(folder / named)), None)
    if folder is None:
        return BadItem(where, f"there is no file {printable(str(named))!r}"), None
    spoken_of = (folder / named).resolve()
    try:
        provenance = Provenance(
            **{column: values.get(column, "").strip() for column in PROVENANCE_COLUMNS if column != "notes"},
            notes=_notes(values),
        )
    except InvalidInput as refusal:
        return BadItem(where, refusal.happened), spoken_of
    external_id = values.get("external_id", "").strip()
    bounds = Bounds(folder, limit)
    found = file_item(folder / named, str(named), bounds, external_id=external_id, provenance=provenance)
    if isinstance(found, BadItem):
        return BadItem(where, f"{printable(str(named))!r}: {found.reason}"), spoken_of
    return found, spoken_of


def _fault(values: dict[str, str]) -> str:
    for column, value in values.items():
        is_one_line = column in COLUMNS and column != "notes"
        for text in (column, value):
            if fault := text_fault(text, longest=LONGEST_VALUE, is_one_line=is_one_line):
                return f"{printable(column)} {fault}"
    named = values.get("path", "").strip()
    parts = PurePosixPath(named)
    if parts.is_absolute() or ".." in parts.parts or parts == PurePosixPath():
        return f"path must name a file below the manifest or a source, not {printable(named)!r}"
    return ""


def _exists(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except OSError:  # a name too long for the file system
        return False


def _notes(values: dict[str, str]) -> str:
    extra = [
        f"{column}: {value.strip()}" for column, value in values.items() if column not in COLUMNS and value.strip()
    ]
    return "\n".join(filter(None, [values.get("notes", "").strip(), *extra]))


def _lines(manifest: Path) -> Iterator[str]:
    try:
        with manifest.open(encoding="utf-8-sig", errors=_SURROGATES, newline="") as file:
            yield from file
    except OSError as error:
        raise InvalidInput(f"The manifest {printable(str(manifest))} cannot be read: {reason_of(error)}.") from error


def _csv_rows(manifest: Path) -> Iterator[Row]:
    reader = csv.reader(_lines(manifest), strict=True)
    header = _header(reader, manifest)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            until = "" if reader.line_num <= line else f"; lines {line} to {reader.line_num} were not read"
            yield line, f"not CSV: {error}{until}"
            continue
        if fields is None:
            return
        if fields and len(fields) != len(header):
            yield line, f"has {len(fields)} values, and the header names {len(header)}"
        elif fields:
            yield line, dict(zip(header, fields, strict=True))


def _header(reader: Iterator[list[str]], manifest: Path) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise InvalidInput(f"The header of {printable(manifest.name)} is not CSV: {error}.") from error
    if "path" not in header:
        raise InvalidInput(
            f"The header of {printable(manifest.name)} has no column 'path'.",
            remedy="Name the columns in the first line, separated by commas; 'path' is the picture's file.",
        )
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise InvalidInput(f"The header of {printable(manifest.name)} names a column twice: {printable(twice[0])}.")
    return header


def _json_rows(manifest: Path) -> Iterator[Row]:
    for line, text in enumerate(_lines(manifest), start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            yield line, "not JSON"
            continue
        if not isinstance(value, dict):
            yield line, "not a JSON object"
            continue
        texts = {name: _as_text(item) for name, item in value.items()}
        odd = [name for name in COLUMNS if isinstance(value.get(name), bool | float | list | dict)]
        yield line, f"{odd[0]} must be text" if odd else texts


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
