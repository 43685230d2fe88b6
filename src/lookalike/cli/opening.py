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


def write_sheet(path: Path, html: str) -> None:
    """Write a sheet where the person asked for it.

    Raises:
        InvalidInput: The place cannot be written to.
        StorageFull: The disk is full.
    """
    import errno

    from lookalike.domain.errors import InvalidInput, StorageFull

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
