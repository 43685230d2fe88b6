"""Files and folders: read safely, listed in a stable order."""

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike.domain.errors import InvalidInput, LookalikeError, NotFound, Unavailable
from lookalike.domain.references import Provenance
from lookalike.sources.items import LONGEST_ID, PICTURE_SUFFIXES, BadItem, Item, SourceItem, printable, text_fault

_PASSING = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Failures of the machine, not of what was asked."""


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file of at most *limit* bytes.

    Never waits (a pipe is refused) and never follows a link in the last part of *path*.

    Raises:
        NotFound: There is no such file.
        InvalidInput: Not a regular file, a link, too large, or not to be read; ``values['reason']`` is one of ``link``,
            ``not-a-file``, ``too-large``, ``unreadable``.
        Unavailable: The disk or the system failed; trying again is safe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise _unfit(path, "is not a regular file", "not-a-file")
            data = b"" if state.st_size > limit else file.read(limit + 1)
            if state.st_size > limit or len(data) > limit:
                raise _unfit(path, f"is larger than {limit:,} bytes", "too-large")
            return data
    except OSError as error:
        raise _refusal(path, error) from error
    except ValueError as error:  # a NUL in the name
        raise _unfit(path, "cannot be read: its name is no file's name", "unreadable") from error


def folder_items(folder: Path, *, limit: int | None, apart: Path | None = None) -> Iterator[Item]:
    """Yield what stands in *folder* and below: pictures in the order of their paths, then what is no picture, counted.

    Hidden files and folders (a leading dot) are passed over, and so is the file *apart*, a resolved path.
    """
    inside = folder.resolve()
    others: Counter[str] = Counter()
    for path, fault in _walk(folder):
        key = f"{inside.name}/{path.relative_to(folder).as_posix()}"
        suffix = path.suffix.lower()
        if fault:
            yield BadItem(printable(key), fault)
        elif suffix in PICTURE_SUFFIXES:
            yield file_item(path, key, Bounds(inside, limit))
        elif apart is None or path.resolve() != apart:
            others[suffix] += 1
    for suffix, count in sorted(others.items()):
        files = "1 file" if count == 1 else f"{count:,} files"
        yield BadItem(printable(f"{inside.name}/**/*{suffix}"), f"not a picture: {files} with this ending")


def has_pictures(folder: Path) -> bool:
    """Say whether anything in *folder* or below is named like a picture, or could not be looked into."""
    return any(fault or path.suffix.lower() in PICTURE_SUFFIXES for path, fault in _walk(folder))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file must keep within.

    Attributes:
        inside: A resolved folder that it must not lie outside of, links followed; ``None`` for a file a person named.
        limit: Its largest size in bytes.
    """

    inside: Path | None
    limit: int | None


def file_item(
    path: Path, key: str, bounds: Bounds, *, external_id: str = "", provenance: Provenance | None = None
) -> Item:
    """Return the picture at *path*, or why it cannot be used; its external id is the file's stem when none is given."""
    wanted = external_id or path.stem
    for text, whose in ((wanted, "external id" if external_id else "name"), (path.name, "name")):
        if fault := text_fault(text, longest=LONGEST_ID, is_one_line=True):
            return BadItem(printable(key), f"its {whose} {fault}")
    try:
        real = path.resolve(strict=True)
        state = real.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        return BadItem(printable(key), f"cannot be read: {reason_of(error)}")
    if fault := _fault(real, state, bounds):
        return BadItem(printable(key), fault)
    return SourceItem(key, real, wanted, replace(provenance or Provenance(), file_name=path.name))


def _fault(real: Path, state: os.stat_result, bounds: Bounds) -> str:
    if bounds.inside is not None and not real.is_relative_to(bounds.inside):
        return "a link that leads out of its folder"
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    if bounds.limit is not None and state.st_size > bounds.limit:
        return f"{state.st_size:,} bytes, more than the {bounds.limit:,} allowed"
    return "" if os.access(real, os.R_OK) else "cannot be read: permission denied"


def reason_of(error: OSError | RuntimeError) -> str:
    """Return an operating system's error in words, in lower case."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files below *folder* by path, each with what is wrong with it; empty when nothing is."""
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            leads_away = path.is_symlink() and path.is_dir()
            yield path, "a link to a folder: such links are not followed" if leads_away else ""
            continue
        try:
            with os.scandir(path) as listing:
                entries = sorted((entry for entry in listing if not entry.name.startswith(".")), key=_name)
        except OSError as error:
            yield path, f"the folder cannot be read: {reason_of(error)}"
            continue
        # Popped from the end: the first name comes first, and a folder's contents before the next name.
        waiting += [(path / entry.name, _is_own_folder(entry)) for entry in reversed(entries)]


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _refusal(path: Path, error: OSError) -> LookalikeError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return NotFound(f"There is no file {printable(str(path))}.", remedy="Check the path.")
    if error.errno == errno.ELOOP:
        return _unfit(path, "is a link: name the file it leads to", "link")
    if error.errno == errno.EISDIR:
        return _unfit(path, "is a folder, not a file", "not-a-file")
    why = f"cannot be read: {reason_of(error)}"
    if error.errno in _PASSING:
        return Unavailable(f"{printable(str(path))} {why}.", remedy="Check the disk and try again.")
    return _unfit(path, why, "unreadable")


def _unfit(path: Path, why: str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"{printable(str(path))} {why}.", remedy="Give another file.", reason=reason, path=printable(str(path))
    )
