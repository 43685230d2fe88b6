"""How a command opens the home it works in. Heavy parts are imported here, after `--help` has had its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.bootstrap import Application


@contextmanager
def open_home(home: Path | None) -> "Iterator[Application]":
    """Open the home given, or the one that the settings name; close it afterwards."""
    from lookalike.bootstrap import Application
    from lookalike.settings import read_settings

    with Application(read_settings(home=home)) as application:
        yield application


SHEET_MARK = "<!doctype html>"
REFUSED_MARK = "key,external_id,reason,faces"


def check_output(path: Path | None, *, ours: str) -> None:
    """Make sure, before any work, that *path* can be written and that nothing but our own output is replaced.

    Args:
        path: Where output is to go; ``None`` for no output.
        ours: How a file that we wrote begins.

    Raises:
        InvalidInput: The folder is missing, or the file is there and is not one of ours.
    """
    from lookalike.domain.errors import InvalidInput

    if path is None:
        return
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent}.", remedy="Make it, or name a file elsewhere.")
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", remedy="Name a file.")
    try:
        with path.open("rb") as file:
            is_ours = file.read(len(ours)) == ours.encode()
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", remedy="Name a file elsewhere.") from error
    if not is_ours:
        raise InvalidInput(
            f"{path} is there already, and Lookalike did not write it.", remedy="Name a file that does not exist yet."
        )


def write_sheet(path: Path, html: str) -> None:
    """Write a sheet where the person asked for it.

    Raises:
        InvalidInput: The place cannot be written to.
        StorageFull: The disk is full.
    """
    import errno

    from lookalike.domain.errors import InvalidInput, StorageFull

    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk is full: {path} could not be written.",
                kept="The record is kept; only the sheet is missing.",
                remedy="Free some space, then show it again with --sheet.",
            ) from error
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror}.",
            kept="The record is kept; only the sheet is missing.",
            remedy="Name a file in a folder you may write to.",
        ) from error
